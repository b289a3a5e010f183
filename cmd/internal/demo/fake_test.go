package demo

import (
	"context"
	"sync/atomic"
	"time"

	"udplab/lossy/proxy"
)

// fakeTransport is a network in the time of a synctest bubble: every message
// takes delay, and fate says how many copies of it arrive and whether damaged.
type fakeTransport struct {
	delay time.Duration
	fate  func(index int) (copies int, damaged bool)

	connectTime time.Duration
	connectErr  error
	full        bool  // send waits for ever
	breaks      int   // receive fails after so many messages, if not 0
	breakErr    error // with this
	busy        bool  // never comes to rest

	arrivals chan fakeArrival
	inFlight atomic.Int64
	sent     int
	received int
	closed   bool
}

type fakeArrival struct {
	payload []byte
	intact  bool
}

func newFake(delay time.Duration) *fakeTransport {
	return &fakeTransport{
		delay:    delay,
		fate:     func(int) (int, bool) { return 1, false },
		arrivals: make(chan fakeArrival, 1000),
	}
}

func (f *fakeTransport) connect(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(f.connectTime):
		return f.connectErr
	}
}

func (f *fakeTransport) send(ctx context.Context, message []byte) error {
	if f.full {
		<-ctx.Done()
		return ctx.Err()
	}
	copies, damaged := f.fate(f.sent)
	f.sent++
	arrival := fakeArrival{append([]byte(nil), message...), !damaged}
	for range copies {
		f.inFlight.Add(1)
		time.AfterFunc(f.delay, func() {
			f.arrivals <- arrival
			f.inFlight.Add(-1)
		})
	}
	return nil
}

func (f *fakeTransport) receive(ctx context.Context) (payload []byte, intact bool, err error) {
	if f.breaks > 0 && f.received == f.breaks {
		return nil, false, f.breakErr
	}
	select {
	case <-ctx.Done():
		return nil, false, ctx.Err()
	case a := <-f.arrivals:
		f.received++
		return a.payload, a.intact, nil
	}
}

func (f *fakeTransport) idle() bool          { return !f.busy }
func (f *fakeTransport) retransmits() uint64 { return 0 }
func (f *fakeTransport) close()              { f.closed = true }

func (f *fakeTransport) network() proxy.Stats {
	var s proxy.Stats
	s.Up.Link.PacketsInFlight = uint64(f.inFlight.Load())
	return s
}
