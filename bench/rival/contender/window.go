package contender

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// window keeps a raw sender at most so many bytes ahead of its receiver, which
// is in the same process and tells by a counter. It stands for the flow control
// that every real protocol has, and costs as little as can be: without it a
// flood would only measure how fast the kernel throws datagrams away.
//
// Both directions of a pair are counted together: the few bytes that go back
// (the answers of a ping-pong) never fill it.
type window struct {
	size     int64
	sent     atomic.Int64
	_        [56]byte // the two ends write to different cache lines
	received atomic.Int64
	waiting  atomic.Bool // the sender waits for room
	room     chan struct{}
	closed   chan struct{}
	once     sync.Once
}

// lostAfter is how long a sender waits for its receiver to count before it
// takes what is on the way for lost.
const lostAfter = 50 * time.Millisecond

// take waits until n more bytes may be sent.
func (w *window) take(n int) error {
	sent := w.sent.Add(int64(n))
	if sent-w.received.Load() <= w.size {
		return nil
	}
	return w.wait(sent)
}

func (w *window) wait(sent int64) error {
	timer := time.NewTimer(lostAfter)
	defer timer.Stop()
	for {
		w.waiting.Store(true)
		// Counted since: the receiver may not have seen that we wait.
		if sent-w.received.Load() <= w.size {
			w.waiting.Store(false)
			return nil
		}
		select {
		case <-w.room:
		case <-w.closed:
			return net.ErrClosed
		case <-timer.C:
			w.waiting.Store(false)
			w.sent.Store(w.received.Load())
			return nil
		}
	}
}

// give counts n bytes that arrived, and wakes a sender that waits once half of
// the window is free: a wake-up costs more than many datagrams.
func (w *window) give(n int) {
	received := w.received.Add(int64(n))
	if w.waiting.Load() && w.sent.Load()-received <= w.size/2 && w.waiting.CompareAndSwap(true, false) {
		select {
		case w.room <- struct{}{}:
		default:
		}
	}
}

func (w *window) close() { w.once.Do(func() { close(w.closed) }) }

// windows are the windows of a contender's listeners, by address.
type windows struct {
	size int64
	mu   sync.Mutex
	at   map[netip.AddrPort]*window
}

func newWindows(size int64) *windows {
	return &windows{size: size, at: make(map[netip.AddrPort]*window)}
}

// open makes the window of a listener whose receive buffer has that many bytes;
// 0 if that is not known. Half of it is left to what the kernel adds to each
// datagram.
func (ws *windows) open(addr netip.AddrPort, buffer int) *window {
	size := ws.size
	if buffer > 0 {
		size = min(size, int64(buffer/2))
	}
	w := &window{size: size, room: make(chan struct{}, 1), closed: make(chan struct{})}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.at[addr] = w
	return w
}

// of returns the window of the listener at an address, nil if there is none.
func (ws *windows) of(addr netip.AddrPort) *window {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.at[addr]
}

func (ws *windows) forget(addr netip.AddrPort) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.at, addr)
}
