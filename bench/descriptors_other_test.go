//go:build !linux

package bench

func descriptors() (int, bool) { return 0, false }
