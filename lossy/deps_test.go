package lossy

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sockets are the files that may touch clocks, locks and the net package: the
// in-memory network. Everything else is the model and the link, which must
// give the same result on any machine, at any time, in any order.
var sockets = []string{"marked.go", "network.go", "network_change.go", "path.go", "recent.go", "socket.go", "tap.go", "wrap.go"}

var forbiddenImports = map[string]string{
	"net":          "the model sees datagrams as bytes, never where they come from",
	"net/netip":    "the model sees datagrams as bytes, never where they come from",
	"os":           "the model reads nothing but its arguments",
	"sync":         "links are locked by their callers, who know what else the lock must cover",
	"sync/atomic":  "links are locked by their callers, who know what else the lock must cover",
	"context":      "nothing in the model waits",
	"math/rand":    "fates come from the counter-based generator, or a seed would mean nothing",
	"math/rand/v2": "fates come from the counter-based generator, or a seed would mean nothing",
	"crypto/rand":  "fates come from the counter-based generator, or a seed would mean nothing",
}

var forbiddenTime = []string{"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTimer", "NewTicker"}

func TestModelFilesArePure(t *testing.T) {
	self, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	checked := 0
	for _, name := range slices.Concat(self.GoFiles, self.IgnoredGoFiles) {
		file, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(sockets, name) {
			continue
		}
		checked++
		for _, spec := range file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			if name == "rings.go" && path == "sync" {
				continue // it shares memory among links, but nothing they decide by
			}
			if why, forbidden := forbiddenImports[path]; forbidden {
				t.Errorf("%v imports %s: %s", files.Position(spec.Pos()), path, why)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%v starts a goroutine: the model is sequential", files.Position(n.Pos()))
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(forbiddenTime, n.Sel.Name) {
					t.Errorf("%v uses time.%s: time is an argument", files.Position(n.Pos()), n.Sel.Name)
				}
			}
			return true
		})
	}
	if checked < 15 {
		t.Errorf("checked only %d files: the test does not see the package", checked)
	}
}

// The package stands on the standard library alone: it must fit into any test,
// and a network that knew our protocol could be kind to it.
func TestImportsOnlyTheStandardLibrary(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Skipf("no go command to ask: %v", err)
	}
	for _, path := range strings.Fields(string(out)) {
		if path != "udplab/lossy" {
			t.Errorf("depends on %s; lossy may use the standard library only", path)
		}
	}
}
