package reliable

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
)

// What an idle connection may cost at each end, bytes of heap. One that was
// dialed from a socket of its own comes with a listener of one connection.
const (
	idleLimit    = 8 << 10
	ownIdleLimit = 11 << 10
)

// heapInUse is what lives on the heap.
func heapInUse() int {
	var m runtime.MemStats
	for range 5 { // what pools hold goes with the second, what is finalized with the third
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// An idle connection, after a message each way, is a few kilobytes at each end,
// its places in the tables and heaps included: where it was accepted, where it
// was dialed from a socket of many, and where it has a socket of its own.
func TestIdleConnectionIsSmall(t *testing.T) {
	config := &Config{FixedPacket: 1200} // nothing is searched while we measure
	shared := listen(t, config)
	for _, c := range []struct {
		socket string
		dial   func(ctx context.Context, l *Listener) (*Conn, error)
		count  int
		limit  int // of the dialed end
	}{
		{"shared", func(ctx context.Context, l *Listener) (*Conn, error) { return shared.Dial(ctx, addrOf(l)) }, 1000, idleLimit},
		{"own", func(ctx context.Context, l *Listener) (*Conn, error) {
			return Dial(ctx, "udp", l.Addr().String(), config)
		}, 200, ownIdleLimit},
	} {
		t.Run(c.socket, func(t *testing.T) {
			makeGoroutines(2 * c.count)
			l := listen(t, config)
			dial := func(ctx context.Context) (*Conn, error) { return c.dial(ctx, l) }
			idleEnds(t, l, dial, 10) // what there is but once
			before := heapInUse()
			dialed, accepted := idleEnds(t, l, dial, c.count)
			both := heapInUse()
			// Their sockets fail under them, so their peers are not told.
			for _, d := range dialed {
				_ = d.listener.shards[0].socket.Close()
			}
			for _, d := range dialed {
				d.listener.running.Wait()
			}
			dialed = nil
			left := heapInUse()
			checkIdle(t, "accepted", (left-before)/c.count, idleLimit)
			checkIdle(t, "dialed", (both-left)/c.count, c.limit)
			for _, a := range accepted {
				if err := a.Err(); err != nil {
					t.Fatalf("an accepted connection ended before it was measured: %v", err)
				}
			}
		})
	}
}

func checkIdle(t *testing.T, end string, bytes, limit int) {
	t.Helper()
	t.Logf("%s: %d bytes of heap", end, bytes)
	if bytes > limit {
		t.Errorf("%s: %d bytes of heap, want at most %d", end, bytes, limit)
	}
}

// makeGoroutines has the program keep what so many goroutines at once take
// besides their stacks: it never gives that back, so it would count as that of
// whichever end had them first.
func makeGoroutines(count int) {
	var running sync.WaitGroup
	end := make(chan struct{})
	for range count {
		running.Go(func() { <-end })
	}
	close(end)
	running.Wait()
}

// idleEnds makes connections on which a message went each way and all is
// acknowledged.
func idleEnds(t *testing.T, l *Listener, dial func(context.Context) (*Conn, error), count int) (dialed, accepted []*Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pass := func(from, to *Conn) {
		t.Helper()
		if err := from.Send(ctx, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, err := to.Receive(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for range count {
		a, err := dial(ctx)
		if err != nil {
			t.Fatal(err)
		}
		b, err := l.Accept(ctx)
		if err != nil {
			t.Fatal(err)
		}
		pass(a, b)
		pass(b, a)
		dialed, accepted = append(dialed, a), append(accepted, b)
	}
	for _, c := range slices.Concat(dialed, accepted) {
		for c.Stats().BytesInFlight > 0 {
			runtime.Gosched()
		}
	}
	return dialed, accepted
}

// Nothing happens on an idle connection until its idle timeout: no timer is
// set for a moment before.
func TestIdleConnectionHasNoTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connected(t, lossy.Profile{Delay: 20 * time.Millisecond}, &Config{IdleTimeout: time.Hour})
		if err := a.Send(t.Context(), []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Receive(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		for _, c := range []*Conn{a, b} {
			c.mu.Lock()
			at, ok := c.machine.NextTimeout()
			wait := at - c.listener.now()
			c.mu.Unlock()
			if !ok || wait < 59*time.Minute {
				t.Errorf("the next timer in %v, %v", wait, ok)
			}
		}
	})
}
