package udp

import (
	"testing"

	"golang.org/x/sys/unix"
)

// What a kernel is trusted with goes by its version and its calls.
func TestKernels(t *testing.T) {
	for _, c := range []struct {
		release            string
		sendmmsg, recvmmsg bool
		want               kernel
	}{
		{"6.18.44-generic", true, true, kernel{Segments, Segments, false}},
		{"4.18.0-553.el8.x86_64", true, true, kernel{Batch, Batch, false}},
		{"5.0", true, true, kernel{Segments, Batch, false}},
		{"5.11.22", true, true, kernel{Segments, Batch, false}},
		{"5.12.0-rc1", true, true, kernel{Segments, Segments, false}},
		{"6.99.99", true, true, kernel{Segments, Segments, false}},
		{"7.0.0-rc1", true, true, kernel{Segments, Segments, true}},
		{"7.1.4+", true, true, kernel{Segments, Segments, true}},
		{"7.1.5", true, true, kernel{Segments, Segments, false}},
		{"7.2", true, true, kernel{Segments, Segments, false}},
		{"10.0.1.2", true, true, kernel{Segments, Segments, false}},
		{"6.18.44", false, true, kernel{Single, Segments, false}},
		{"6.18.44", true, false, kernel{Segments, Single, false}},
		{"", true, true, kernel{Batch, Batch, false}},
		{"unknown", false, false, kernel{Single, Single, false}},
	} {
		if got := kernelOf(versionOf(c.release), c.sendmmsg, c.recvmmsg); got != c.want {
			t.Errorf("%q, sendmmsg %v, recvmmsg %v: %+v, want %+v", c.release, c.sendmmsg, c.recvmmsg, got, c.want)
		}
	}
}

// A call is told from one that is not there.
func TestCallsExist(t *testing.T) {
	if !exists(unix.SYS_SENDMMSG) || !exists(unix.SYS_RECVMMSG) {
		t.Error("sendmmsg and recvmmsg are in every Linux since 3.0")
	}
	if exists(100_000) {
		t.Error("call 100000 exists")
	}
}
