//go:build !windows

package tokenfile

// modesCount says whether a file's mode tells who may read it.
const modesCount = true
