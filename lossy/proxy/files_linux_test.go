package proxy

import (
	"errors"
	"fmt"
	"os"
	"slices"
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

// What waits for late answers gives way to what is in use: a flow whose mapping ended,
// and a new client, take the descriptors of the oldest ports that were left.
func TestOldPortsGiveWay(t *testing.T) {
	eachSystem(t, func(t *testing.T, newSystem func() system) {
		const left = 4
		n := startNAT(t, newSystem(), Config{})
		n.up("the first mapping")
		for i := range left {
			n.Rebind()
			n.up(fmt.Sprint("mapping ", i+1))
		}
		second := client(t, n.Proxy)
		leaveReserve(t)
		n.Rebind()
		n.up("a mapping without a descriptor left")
		send(t, second, "a client without a descriptor left")
		n.arrives("a client without a descriptor left")
		if s := n.Stats(); s.Up.Dropped[CauseFlowError] != 0 || s.Flows != 2 {
			t.Errorf("%d dropped as flow_error, %d flows, want 0 and 2", s.Up.Dropped[CauseFlowError], s.Flows)
		}
		n.forsaken.mu.Lock()
		defer n.forsaken.mu.Unlock()
		var numbers []uint64
		for _, q := range n.forsaken.queue {
			numbers = append(numbers, q.number)
		}
		// Of the mappings 0 to 4 two had to go, the oldest.
		if want := []uint64{2, 3, 4}; !slices.Equal(numbers, want) {
			t.Errorf("old ports of the mappings %d are open, want %d", numbers, want)
		}
	})
}
