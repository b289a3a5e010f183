package profile

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// Profiles are gzipped protocol buffers whose string table names what was
// sampled: both files must be readable and of the kind they are said to be.
func TestBothFilesAreProfiles(t *testing.T) {
	dir := t.TempDir()
	files := Files{CPU: filepath.Join(dir, "cpu"), Memory: filepath.Join(dir, "mem")}
	finish, err := files.Start()
	if err != nil {
		t.Fatal(err)
	}
	if err := finish(); err != nil {
		t.Fatal(err)
	}
	for name, kind := range map[string]string{files.CPU: "nanoseconds", files.Memory: "alloc_space"} {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		unzipped, err := gzip.NewReader(file)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := io.ReadAll(unzipped)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Contains(text, []byte(kind)) {
			t.Errorf("%s does not speak of %s", name, kind)
		}
	}
}

func TestNoNamesNoFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	finish, err := Files{}.Start()
	if err != nil {
		t.Fatal(err)
	}
	if err := finish(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir("."); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A file that can't be made is refused before the run, and nothing goes on
// profiling: the next one can start.
func TestFilesThatCannotBeMade(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "no", "such", "folder")
	good := filepath.Join(dir, "good")
	for _, files := range []Files{{CPU: missing}, {Memory: missing}, {CPU: good, Memory: missing}} {
		if finish, err := files.Start(); err == nil {
			t.Errorf("%+v: no error, finish: %v", files, finish())
		}
	}
	finish, err := Files{CPU: good}.Start()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (Files{CPU: good}).Start(); err == nil {
		t.Error("two CPU profiles at once")
	}
	if err := finish(); err != nil {
		t.Fatal(err)
	}
}
