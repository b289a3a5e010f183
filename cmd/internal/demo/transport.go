package demo

import (
	"context"
	"time"

	"udplab/lossy/proxy"
)

// A transport carries the messages of one half: two peers and the proxy
// between them. Its methods may be called from any goroutine, but send from one
// at a time and receive from one at a time.
type transport interface {
	// connect makes the transport ready to send. Raw mode has nothing to do.
	connect(ctx context.Context) error
	// send sends a message, and may wait until the transport takes it.
	send(ctx context.Context, message []byte) error
	// receive waits for what reaches the application next. intact is false if
	// the transport knows that it is damaged. The payload is valid until the
	// next call.
	receive(ctx context.Context) (payload []byte, intact bool, err error)
	// idle reports that both peers have nothing left to do for the messages
	// given to send.
	idle() bool
	// retransmits is how many message frames were sent again.
	retransmits() uint64
	// network is what the proxy counts.
	network() proxy.Stats
	// close ends everything; a receive in progress returns. The counters can
	// be read afterwards.
	close()
}

// loopback is where everything in a run listens, on a port of the system's
// choice.
const loopback = "127.0.0.1:0"

// closeTimeout is how long an orderly end may take before it is cut short.
const closeTimeout = time.Second
