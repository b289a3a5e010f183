package proto

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const msgpackPath = "github.com/vmihailenco/msgpack/v5"

// allowedDecoding are the only ways to read with the msgpack library. All the
// others allocate by a claimed length, recurse by claimed nesting, or coerce: ten
// bytes in a datagram can ask for a gigabyte. Encoding is free.
var allowedDecoding = []string{
	"NewDecoder", "Reset", "PeekCode", "DecodeArrayLen", "DecodeUint64", "DecodeBytesLen",
}

// decodes reports whether a function or method of the msgpack library is one of
// those that read, and not one of the allowed.
func dangerous(f *types.Func) bool {
	if f.Pkg() == nil || f.Pkg().Path() != msgpackPath || slices.Contains(allowedDecoding, f.Name()) {
		return false
	}
	if recv := f.Signature().Recv(); recv != nil {
		named, ok := types.Unalias(deref(recv.Type())).(*types.Named)
		return ok && named.Obj().Name() == "Decoder"
	}
	return slices.Contains([]string{"Unmarshal", "GetDecoder", "PutDecoder", "RegisterExt", "RegisterExtDecoder", "Register"}, f.Name())
}

func deref(t types.Type) types.Type {
	if p, ok := t.(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// findDangerous type-checks the files of one package and lists the uses.
func findDangerous(fset *token.FileSet, files []*ast.File, imports types.Importer) ([]string, error) {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	cfg := types.Config{Importer: imports}
	if _, err := cfg.Check("linted", fset, files, info); err != nil {
		return nil, err
	}
	var found []string
	for id, object := range info.Uses {
		if f, ok := object.(*types.Func); ok && dangerous(f) {
			found = append(found, fmt.Sprintf("%s: %s", fset.Position(id.Pos()), f.Name()))
		}
	}
	slices.Sort(found)
	return found, nil
}

// No file of the module, tests aside, decodes with the library in a way that
// hostile bytes could use.
func TestNoDangerousDecoding(t *testing.T) {
	root := moduleRoot(t)
	dirs := packagesImporting(t, root)
	if !slices.Contains(dirs, filepath.Join(root, "proto")) {
		t.Fatalf("proto imports msgpack, but only %v were found", dirs)
	}
	for _, dir := range dirs {
		pkg := listPackage(t, dir)
		fset := token.NewFileSet()
		var files []*ast.File
		for _, name := range pkg.GoFiles {
			file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		found, err := findDangerous(fset, files, pkg.importer(fset))
		if err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		for _, use := range found {
			t.Errorf("%s must not be used on bytes from the network; read with %v after proto.Validate", use, allowedDecoding)
		}
	}
}

// The rule finds what it shall find, and nothing else that has such a name.
func TestTheLintCanFail(t *testing.T) {
	pkg := listPackage(t, filepath.Join(moduleRoot(t), "proto"))
	check := func(body string) []string {
		t.Helper()
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "planted.go", "package planted\nimport mp \""+msgpackPath+"\"\n"+body, 0)
		if err != nil {
			t.Fatal(err)
		}
		found, err := findDangerous(fset, []*ast.File{file}, pkg.importer(fset))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	for _, body := range []string{
		"func f(b []byte) { var v int; _ = mp.Unmarshal(b, &v) }",
		"func f(d *mp.Decoder) { d.Skip() }",
		"func f(d *mp.Decoder) { d.DecodeBytes() }",
		"func f(d *mp.Decoder) { d.DecodeSlice() }",
		"func f(d *mp.Decoder) { d.DecodeRaw() }",
		"func f(d *mp.Decoder) { d.DecodeMap() }",
		"func f(d *mp.Decoder) { d.DecodeInterface() }",
		"func f(d *mp.Decoder) { d.DecodeMulti() }",
		"func f(d *mp.Decoder) { var s string; d.Decode(&s) }",
		"func f(d *mp.Decoder) { d.DecodeUint8() }",
		"type own struct{ *mp.Decoder }\nfunc f(o own) { o.DecodeString() }",
		"var f = (*mp.Decoder).Skip",
		"var f = mp.Unmarshal",
		"func f() { d := mp.GetDecoder(); _ = d }",
	} {
		if found := check(body); len(found) != 1 {
			t.Errorf("%s: found %v, want one use", body, found)
		}
	}
	for _, body := range []string{
		"func f(d *mp.Decoder) { d.PeekCode(); d.DecodeArrayLen(); d.DecodeUint64(); d.DecodeBytesLen() }",
		"func f(e *mp.Encoder) { e.Encode(1); e.EncodeUint(2) }",
		"var _ = mp.NewDecoder\ntype own struct{}\nfunc (own) Skip() {}\nfunc (own) Decode(any) {}\nfunc Unmarshal() {}\nfunc f(o own) { o.Skip(); o.Decode(1); Unmarshal() }",
	} {
		if found := check(body); len(found) != 0 {
			t.Errorf("%s: found %v, want nothing", body, found)
		}
	}
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above")
		}
		dir = filepath.Dir(dir)
	}
}

// packagesImporting lists the folders with a file, tests aside, that imports the
// msgpack library. Nested modules are their own business.
func packagesImporting(t *testing.T, root string) (dirs []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			_, nested := os.Stat(filepath.Join(path, "go.mod"))
			if path != root && (nested == nil || strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || slices.Contains(dirs, filepath.Dir(path)) {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			if strings.Trim(spec.Path.Value, `"`) == msgpackPath {
				dirs = append(dirs, filepath.Dir(path))
				break
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

// goPackage is a package and where the compiler left what it exports and what
// the packages below it export.
type goPackage struct {
	GoFiles []string
	exports map[string]string
}

func listPackage(t *testing.T, dir string) goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-export", "-json=ImportPath,Export,GoFiles,Dir", ".")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			t.Fatalf("go list in %s: %v\n%s", dir, err, exit.Stderr)
		}
		t.Skipf("the go tool is needed to type-check: %v", err)
	}
	pkg := goPackage{exports: map[string]string{}}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Export string
			GoFiles            []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkg
		} else if err != nil {
			t.Fatal(err)
		}
		pkg.exports[p.ImportPath] = p.Export
		pkg.GoFiles = p.GoFiles // the package itself comes last
	}
}

func (p goPackage) importer(fset *token.FileSet) types.Importer {
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(p.exports[path])
	})
}
