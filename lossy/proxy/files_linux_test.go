package proxy

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// leaveReserve sets the limit of open files so that those that are open now are all
// but the reserve, and returns how many that is.
func leaveReserve(t *testing.T) (reserve uint64) {
	t.Helper()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	lowest := uint64(lowestFree(t))
	want := lowest
	for want-filesReserve(want) < lowest {
		want++
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: want, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
	})
	return filesReserve(want)
}

// Clients that want more sockets than there are leave a reserve of descriptors to the
// rest of the process, all of it, and are told apart from what the system refuses.
func TestFlowsLeaveAReserveOfFiles(t *testing.T) {
	eachSystem(t, func(t *testing.T, newSystem func() system) {
		p := startOn(t, newSystem(), Config{}, newAlarm(), echo(t, "127.0.0.1:0"))
		old, fresh := client(t, p), client(t, p)
		exchange(t, old, "before")
		reserve := leaveReserve(t)
		for range reserve + 1 {
			send(t, fresh, "no socket for me")
		}
		eventually(t, "all are refused", func() bool { return p.Stats().Up.Dropped[CauseFlowError] == reserve+1 })
		if err := p.FlowError(); !errors.Is(err, unix.EMFILE) {
			t.Errorf("the reason is %v, want it to be EMFILE", err)
		}
		if got := exchange(t, old, "during"); got != "during" {
			t.Errorf("got %q", got)
		}
		for i := range reserve {
			f, err := os.Open(os.DevNull)
			if err != nil {
				t.Fatalf("file %d of the reserve of %d: %v", i, reserve, err)
			}
			defer f.Close()
		}
	})
}
