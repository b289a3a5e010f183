//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// group has a command end together with all that it starts. A terminal's Ctrl-C
// is then for this process alone, which knows what to do about the command.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
