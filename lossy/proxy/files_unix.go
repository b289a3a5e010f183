//go:build unix

package proxy

import "syscall"

// openFilesLimit is how many files this process may have open, 0 if the system
// does not tell. Go has raised it as far as it may at the start.
func openFilesLimit() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return uint64(limit.Cur)
}
