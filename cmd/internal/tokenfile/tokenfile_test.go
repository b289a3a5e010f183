package tokenfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"udplab/lossy/control/access"
)

const token = "correct-horse-battery-staple"

func write(t *testing.T, mode fs.FileMode, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// H4: a file that others may read is refused, and says how it stands.
func TestH4_ReadWantsAFileOfItsOwner(t *testing.T) {
	for _, c := range []struct {
		mode fs.FileMode
		text string
		want string // part of the error, empty for none
	}{
		{0o600, token, ""},
		{0o600, token + "\n", ""},
		{0o400, token + "\r\n", ""},
		{0o644, token, "has mode 0644: others may read it"},
		{0o640, token, "has mode 0640"},
		{0o602, token, "has mode 0602"},
		{0o600, "", "22 to 512 characters, this one 0"},
		{0o600, "short", "22 to 512 characters, this one 5"},
		{0o600, token + "\n" + token, "letters, digits"},
		{0o600, " " + token, "letters, digits"},
		{0o600, strings.Repeat("x", 1<<20), "this one 1024"},
	} {
		if !modesCount && c.mode&0o077 != 0 {
			continue
		}
		got, err := Read(write(t, c.mode, c.text))
		if c.want == "" && (err != nil || got != token) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || got != "") {
			t.Errorf("mode %o, %.40q: %q, %v, want an error with %q", c.mode, c.text, got, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("the error tells the token: %v", err)
		}
	}
	if _, err := Read(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("a directory: %v", err)
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// H4: a file that does not exist is made, for its owner alone, with a token that
// is another each time; one that exists is left as it is.
func TestH4_ObtainMakesAFileOfItsOwner(t *testing.T) {
	seen := make(map[string]bool)
	for range 3 {
		path := filepath.Join(t.TempDir(), "token")
		text, made, err := Obtain(path)
		if err != nil || !made || seen[text] {
			t.Fatalf("%q, made %v, %v", text, made, err)
		}
		seen[text] = true
		if _, err := access.ParseToken(text); err != nil {
			t.Error(err)
		}
		info, err := os.Stat(path)
		if err != nil || modesCount && info.Mode() != 0o600 {
			t.Errorf("the file has mode %v, %v, want 0600", info.Mode(), err)
		}
		again, made, err := Obtain(path)
		if err != nil || made || again != text {
			t.Errorf("again: %q, made %v, %v, want the same", again, made, err)
		}
	}
	if _, _, err := Obtain(filepath.Join(t.TempDir(), "none", "token")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a directory that does not exist: %v", err)
	}
	if modesCount {
		if _, made, err := Obtain(write(t, 0o644, token)); made || !errors.Is(err, ErrOpenToOthers) {
			t.Errorf("a file for all: made %v, %v", made, err)
		}
	}
}
