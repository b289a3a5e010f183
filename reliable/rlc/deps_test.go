package rlc

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// allowed is what this package may import: algebra over bytes needs no clock,
// socket, lock, goroutine or randomness, and the state machine that uses it is
// replayed from a seed.
var allowed = map[string]bool{
	"bytes": true, "encoding/binary": true, "fmt": true, "slices": true,
	"github.com/klauspost/reedsolomon": true,
}

// fieldNames are the parts of reedsolomon that are plain arithmetic; its encoders
// have pools and goroutines.
var fieldNames = map[string]bool{"LowLevel": true, "Inv": true}

func TestPure(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".go") && !strings.HasSuffix(e.Name(), "_test.go") {
			checkPure(t, e.Name())
			files++
		}
	}
	if files < 6 {
		t.Fatalf("only %d files found", files)
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
			t.Errorf("%s imports %s: the code is algebra, what it works on comes in as arguments", name, path)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			t.Errorf("%s starts a goroutine: the driver decides what runs where", name)
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "reedsolomon" && !fieldNames[n.Sel.Name] {
				t.Errorf("%s uses reedsolomon.%s: only its arithmetic is pure", name, n.Sel.Name)
			}
		}
		return true
	})
}
