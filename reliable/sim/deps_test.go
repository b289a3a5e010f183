package sim

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// allowed is what the simulator may import. It is as pure as what it runs: a
// clock, a goroutine or the global random source would end exact replay. The
// only udplab packages are those it joins, and congestion for their windows.
var allowed = map[string]bool{
	"bytes": true, "cmp": true, "encoding/binary": true, "errors": true, "fmt": true, "hash/crc32": true, "io": true, "math": true, "math/bits": true,
	"math/rand/v2": true,
	"net/netip":    true, "slices": true, "sort": true, "strconv": true, "strings": true, "time": true,
	"udplab/lossy": true, "udplab/proto": true, "udplab/reliable/arq": true, "udplab/reliable/congestion": true,
	"udplab/reliable/internal/poison": true,
}

// forbidden are the names that read the clock, wait, or draw from the global
// random source.
var forbidden = map[string]bool{
	"time.Now": true, "time.Since": true, "time.Until": true, "time.After": true, "time.AfterFunc": true,
	"time.Sleep": true, "time.NewTimer": true, "time.NewTicker": true, "time.Tick": true,
	"rand.Int": true, "rand.IntN": true, "rand.Uint64": true, "rand.Uint32": true, "rand.Float64": true, "rand.Perm": true,
}

func TestPure(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".go") && !strings.HasSuffix(e.Name(), "_test.go") {
			checkPure(t, e.Name())
		}
	}
}

func checkPure(t *testing.T, name string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range file.Imports {
		if path, _ := strconv.Unquote(spec.Path.Value); !allowed[path] {
			t.Errorf("%s imports %s: a run must follow from its seed alone", name, path)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			t.Errorf("%s starts a goroutine: the order of events would no longer follow from the seed", name)
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && forbidden[pkg.Name+"."+n.Sel.Name] {
				t.Errorf("%s uses %s.%s: time and randomness come from the world", name, pkg.Name, n.Sel.Name)
			}
		}
		return true
	})
}
