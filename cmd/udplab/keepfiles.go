package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"udplab/cmd/internal/netflags"
)

// namedFile is a file that a flag names; "" is none.
type namedFile struct{ flag, name string }

// keepFiles refuses files to write to that would cost another: creating one empties
// it, so it may be none that is read, and no other that is written.
func keepFiles(written, read []namedFile) error {
	for i, w := range written {
		if w.name == "" {
			continue
		}
		if w.name == "-" {
			return usageError(fmt.Errorf("--%s -: standard output is for the summary", w.flag), "give the name of a file, or ./- for one of that name")
		}
		for _, other := range written[:i] {
			if sameFile(w.name, other.name) {
				return usageError(fmt.Errorf("--%s and --%s are the same file, %s", other.flag, w.flag, w.name), "give each a file of its own")
			}
		}
		for _, other := range read {
			if sameFile(w.name, other.name) {
				return usageError(fmt.Errorf("--%s would empty %s, which --%s reads", w.flag, w.name, other.flag), "give another file to write to")
			}
		}
	}
	return nil
}

// filesRead are the files that settings of a network were read from.
func filesRead(network *netflags.Flags) (list []namedFile) {
	for flag, name := range network.Files() {
		list = append(list, namedFile{flag, name})
	}
	return list
}

// sameFile says whether two names are of one file, which need not exist yet. What
// keeps nothing, as a pipe or /dev/null, is no file.
func sameFile(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	x, err := os.Stat(a)
	y, failed := os.Stat(b)
	switch {
	case err == nil && failed == nil:
		return x.Mode().IsRegular() && os.SameFile(x, y)
	case errors.Is(err, os.ErrNotExist) && errors.Is(failed, os.ErrNotExist):
		return cleanPath(a) == cleanPath(b)
	}
	return false
}

// cleanPath is what a name of a file that is not there yet leads to.
func cleanPath(name string) string {
	if whole, err := filepath.Abs(name); err == nil {
		return whole
	}
	return filepath.Clean(name)
}
