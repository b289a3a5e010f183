package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../../.."

// Every bug still fits the sources, exactly once, and what it makes of them is
// another Go file.
func TestTableIsNotStale(t *testing.T) {
	if len(bugs) < 30 {
		t.Errorf("%d bugs", len(bugs))
	}
	seen := map[string]bool{}
	for _, b := range bugs {
		if b.name == "" || seen[b.name] || strings.ContainsAny(b.name, "/ ") || b.breaks == "" {
			t.Errorf("%q: a name must be one of a kind, fit a file's, and something must break", b.name)
		}
		seen[b.name] = true
		text, err := b.text(root)
		if err != nil {
			t.Errorf("%s: %v", b.name, err)
			continue
		}
		if b.old == b.new {
			t.Errorf("%s changes nothing", b.name)
		}
		if _, err := parser.ParseFile(token.NewFileSet(), b.file, text, 0); err != nil {
			t.Errorf("%s: %v", b.name, err)
		}
	}
}

// The tests that must notice exist.
func TestTableNamesTests(t *testing.T) {
	tests := map[string][]string{}
	for _, b := range bugs {
		if tests[b.pkg] == nil {
			tests[b.pkg] = testsOf(t, b.pkg)
		}
		for pattern := range strings.SplitSeq(b.run, "|") {
			name, _, _ := strings.Cut(pattern, "/")
			found := false
			for _, have := range tests[b.pkg] {
				found = found || strings.Contains(have, name)
			}
			if name == "" || !found {
				t.Errorf("%s: %s has no test %q", b.name, b.pkg, name)
			}
		}
	}
}

// testsOf are the names of the tests of a folder.
func testsOf(t *testing.T, folder string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}
