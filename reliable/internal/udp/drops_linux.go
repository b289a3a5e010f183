package udp

import (
	"math"
	"sync"
)

// arrivals turns the kernel's count of what it dropped into datagrams. The
// kernel counts what it joined as one, so each is taken to have held as many
// datagrams as those that were read around that time: exact as long as nothing
// is joined, an estimate else.
type arrivals struct {
	mu                  sync.Mutex
	raw                 uint64 // as the kernel counts
	dropped             uint64 // datagrams
	messages, datagrams uint64 // read since raw last rose
}

// read notes messages that were read, and how many datagrams were in them.
func (a *arrivals) read(messages, datagrams int) {
	a.mu.Lock()
	a.messages += uint64(messages)
	a.datagrams += uint64(datagrams)
	a.mu.Unlock()
}

// count returns how many datagrams were dropped, given what the kernel says. It
// never falls.
func (a *arrivals) count(raw uint64) uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if raw > a.raw {
		each := 1.0
		if a.messages > 0 {
			each = float64(a.datagrams) / float64(a.messages)
		}
		a.dropped += uint64(math.Round(float64(raw-a.raw) * each))
		a.raw, a.messages, a.datagrams = raw, 0, 0
	}
	return a.dropped
}
