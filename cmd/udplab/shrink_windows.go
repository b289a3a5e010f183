package main

import "os/exec"

// endWithChildren is for systems with process groups; here only the command
// itself is ended.
func endWithChildren(*exec.Cmd) {}
