//go:build !linux

package proxy

import "testing"

// openFiles is not told here; then nothing is held against it.
func openFiles(*testing.T) int { return 0 }
