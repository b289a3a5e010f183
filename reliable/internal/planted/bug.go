package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// bug is a fault that can be planted.
type bug struct {
	name   string // lower case with hyphens; -run matches it
	breaks string // the promise that does not hold any more
	file   string // where it is planted, from the module's root
	old    string // the text it replaces, which must be there exactly once
	new    string
	pkg    string // folder of the tests that must notice, from the module's root
	run    string // and their names, as go test -run takes them
}

// text is the file with the bug in it.
func (b *bug) text(root string) (string, error) {
	source, err := os.ReadFile(filepath.Join(root, b.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(source), b.old); n != 1 {
		return "", fmt.Errorf("%s has %d times, not once: %s", b.file, n, b.old)
	}
	return strings.Replace(string(source), b.old, b.new, 1), nil
}
