package proto

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// What this package may import. Anything else needs a reason here.
var allowedImports = map[string]string{
	"bytes":           "readers for the library codec",
	"encoding/binary": "numbers of fixed width",
	"errors":          "sentinels",
	"fmt":             "Describe",
	"hash/crc32":      "the crc",
	"math":            "limits of integers",
	"strconv":         "Describe",
	"time":            "time.Duration, no clock",
	"unicode/utf8":    "strings are UTF-8",

	"github.com/vmihailenco/msgpack/v5": "the definition of the wire",
}

// Bytes in, values out: a parser that knows no socket, no clock, no lock and no
// goroutine gives the same answer every time, in the simulator as on the wire.
func TestImportsOnlyWhatAParserNeeds(t *testing.T) {
	for _, file := range sourceFiles(t) {
		for _, spec := range file.Imports {
			if path := strings.Trim(spec.Path.Value, `"`); allowedImports[path] == "" {
				t.Errorf("%s is imported: proto turns bytes into values and knows nothing of %s", path, path)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Error("a go statement: proto has no concurrency of its own")
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "time" && n.Sel.Name != "Duration" && n.Sel.Name != "Microsecond" {
					t.Errorf("time.%s: proto may use time.Duration, not a clock", n.Sel.Name)
				}
			}
			return true
		})
	}
}

// sourceFiles parses the files of this package that are not tests.
func sourceFiles(t *testing.T) (files []*ast.File) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if len(files) < 20 {
		t.Fatalf("only %d files found", len(files))
	}
	return files
}
