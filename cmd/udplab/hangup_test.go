//go:build unix

package main

import (
	"syscall"
	"testing"
	"time"
)

func TestHangups(t *testing.T) {
	c, stop := notifyHangups()
	defer stop()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c:
	case <-time.After(scriptPatience):
		t.Error("no signal came")
	}
}
