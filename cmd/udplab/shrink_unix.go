//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// endWithChildren has the end of a command that takes too long be that of
// everything it started.
func endWithChildren(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
