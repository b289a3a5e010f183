package main

import (
	"os/exec"
	"syscall"
)

// group has a console's Ctrl-C be for this process alone, which knows what to do
// about the command. What a killed command started ends with its standard input.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
