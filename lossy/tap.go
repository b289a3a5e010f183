package lossy

import (
	"net/netip"
	"time"
)

// Tap sees the datagrams of one direction of a flow, with their bytes, as they
// come to the network and as they leave it. It is called from one goroutine at a
// time, must keep nothing of a payload and must not block.
type Tap interface {
	// Arrived is called for every packet before anything is decided about it. Now is
	// when it came, which may be a while before the call. The first has index 0.
	Arrived(now time.Duration, payload []byte, mark ECN)
	// Decided is called when the fate of a packet is final, as a Tracer's function
	// is: within the call that brought the packet, or later.
	Decided(now time.Duration, size int, v Verdict)
	// Left is called for every datagram that comes out: which packet it is, and
	// which of its copies, from 0. If it is astray it then went nowhere, because
	// the port it was sent to had ended.
	Left(now time.Duration, index uint64, copy int, payload []byte, mark ECN, astray bool)
}

// Tapper is asked, as a flow appears, who is to see the datagrams that one end of
// it sends the other; the answer may be nil. It is called from any goroutine.
type Tapper func(flow FlowKey, d Direction, from, to netip.AddrPort) Tap

// WithTap returns what is to hear the verdicts where a trace and a tap do, of
// which both may be nil.
func WithTap(trace func(now time.Duration, size int, v Verdict), tap Tap) func(now time.Duration, size int, v Verdict) {
	switch {
	case tap == nil:
		return trace
	case trace == nil:
		return tap.Decided
	}
	return func(now time.Duration, size int, v Verdict) {
		trace(now, size, v)
		tap.Decided(now, size, v)
	}
}
