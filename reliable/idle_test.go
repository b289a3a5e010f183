package reliable

import (
	"context"
	"net"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
)

// idleLimit is what an idle connection may cost at each end, bytes of heap.
const idleLimit = 8 << 10

// An idle connection, after a message each way, is a few kilobytes at each end,
// its places in the tables and heaps included, and no timer of it fires before
// its idle timeout.
func TestIdleConnectionIsSmall(t *testing.T) {
	const count = 500
	l, dialer := listen(t, &Config{Backlog: count}), listen(t, nil)
	addr := l.Addr().(*net.UDPAddr).AddrPort()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	heap := func() int64 {
		var m runtime.MemStats
		for range 3 { // what pools hold goes with the second
			runtime.GC()
		}
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	var conns []*Conn
	more := func(n int) {
		for range n {
			a, err := dialer.Dial(ctx, addr)
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Send(ctx, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			b, err := l.Accept(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.Receive(ctx); err != nil {
				t.Fatal(err)
			}
			if err := b.Send(ctx, []byte("hello yourself")); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Receive(ctx); err != nil {
				t.Fatal(err)
			}
			conns = append(conns, a, b)
		}
	}
	more(10) // what both listeners have but once
	before := heap()
	more(count)
	for _, c := range conns {
		for c.Stats().BytesInFlight > 0 {
			runtime.Gosched()
		}
	}
	each := (heap() - before) / (2 * count)
	t.Logf("%d bytes of heap at each end", each)
	if each > idleLimit {
		t.Errorf("%d bytes of heap at each end, want at most %d", each, idleLimit)
	}
	runtime.KeepAlive(conns)
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
