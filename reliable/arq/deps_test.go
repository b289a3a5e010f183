package arq

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// allowed is what the state machine may import, and why the list is short:
// with no clock, socket, lock or goroutine within reach, the same inputs give
// the same outputs, which is what the simulator's replay rests on.
var allowed = map[string]bool{
	"crypto/hmac": true, "crypto/sha256": true, "encoding/binary": true,
	"errors": true, "fmt": true, "hash": true, "maps": true, "math": true, "math/bits": true, "net/netip": true, "slices": true, "strings": true,
	"time": true, "unicode/utf8": true,
	"udplab/proto": true, "udplab/reliable/congestion": true, "udplab/reliable/rlc": true,
}

// clockNames are the parts of package time that read the clock or wait.
var clockNames = map[string]bool{
	"Now": true, "Since": true, "Until": true, "After": true, "AfterFunc": true,
	"Sleep": true, "NewTimer": true, "NewTicker": true, "Tick": true,
}

func TestPure(t *testing.T) {
	for _, dir := range []string{".", "../congestion"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			name := dir + "/" + e.Name()
			if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			checkPure(t, name)
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
			t.Errorf("%s imports %s: the state machine is pure; time, randomness and packets come in as arguments", name, path)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			t.Errorf("%s starts a goroutine: the driver decides what runs where", name)
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "time" && clockNames[n.Sel.Name] {
				t.Errorf("%s uses time.%s: now is an argument", name, n.Sel.Name)
			}
		}
		return true
	})
}
