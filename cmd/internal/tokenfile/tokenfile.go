// Package tokenfile keeps the token of an HTTP server in a file that its owner
// alone can read, for the server that checks it and for the clients that send it.
package tokenfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"udplab/lossy/control/access"
)

// maxSize is far more than a token and the line feed behind it.
const maxSize = 2 * access.MaxToken

// ErrOpenToOthers is why a file that others may read or write is refused.
var ErrOpenToOthers = errors.New("others may read it")

// Read returns the token in a file: one line. A file that others than its owner
// may read or write is refused (but on Windows, where modes do not say so), and so
// is one that is no file or holds no token.
func Read(path string) (string, error) {
	// A named pipe would hold up the open, so it is looked at first, and again
	// once it is open.
	if info, err := os.Stat(path); err != nil {
		return "", err
	} else if err := check(path, info); err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if err := check(path, info); err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSize))
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(string(b), "\r\n")
	if _, err := access.ParseToken(text); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}

func check(path string, info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case !mode.IsRegular():
		return fmt.Errorf("%s is no regular file", path)
	case modesCount && mode.Perm()&0o077 != 0:
		return fmt.Errorf("%s has mode %#o: %w", path, mode.Perm(), ErrOpenToOthers)
	}
	return nil
}

// Obtain is Read, and makes the file with a new random token if there is none.
func Obtain(path string) (token string, made bool, err error) {
	token, err = Read(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return token, false, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", false, err
	}
	token = access.NewToken()
	_, err = f.WriteString(token + "\n")
	if failed := f.Close(); err == nil {
		err = failed
	}
	if err != nil {
		// Half a token would be refused the next time.
		return "", false, errors.Join(err, os.Remove(path))
	}
	return token, true, nil
}
