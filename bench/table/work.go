package table

import (
	"context"
	"time"

	"udplab/reliable/congestion"
)

// work is what a case does. Both ways of doing it measure the same figures, but
// what only the simulator can see.
type work interface {
	// simulate runs in virtual time. The error is a broken promise of the
	// protocol, or ctx's.
	simulate(ctx context.Context, s settings, seed uint64) (Figures, error)
	// overSockets runs in real time. The error is what kept it from its end.
	overSockets(ctx context.Context, s settings) (Figures, error)
}

// settings are how the work is done.
type settings struct {
	duration   time.Duration                                 // of bulk
	flows      time.Duration                                 // of two flows
	messages   int                                           // of a paced flow
	paced      time.Duration                                 // of a paced flow at most; 0 for all its messages
	packet     int                                           // largest datagram, bytes of UDP payload
	congestion func(congestion.Config) congestion.Controller // nil for the library's default
}

// messageSize is the size of the messages of all bulk work.
const messageSize = 64 << 10

// megabits is what bytes over a time are, in Mbit/s.
func megabits(bytes uint64, over time.Duration) float64 {
	return float64(bytes) * 8 / 1e6 / over.Seconds()
}
