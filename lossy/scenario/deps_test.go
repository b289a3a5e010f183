package scenario

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A scenario runs in virtual time, so it may not know sockets, clocks, locks or
// goroutines.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"bytes", "encoding/json", "errors", "fmt", "math", "strconv", "strings", "time", "udplab/lossy", "udplab/lossy/settings"}
	for path := range strings.FieldsSeq(string(out)) {
		if !slices.Contains(allowed, path) {
			t.Errorf("scenario imports %s: it may use only %v", path, allowed)
		}
	}
	self, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range self.GoFiles {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%v starts a goroutine: a scenario is driven by its caller", files.Position(n.Pos()))
			case *ast.SelectorExpr:
				clocks := []string{"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTimer", "NewTicker"}
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clocks, n.Sel.Name) {
					t.Errorf("%v uses time.%s: time is an argument", files.Position(n.Pos()), n.Sel.Name)
				}
			}
			return true
		})
	}
}
