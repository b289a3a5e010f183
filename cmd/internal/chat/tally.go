package chat

import (
	"sync"
	"sync/atomic"

	"udplab/reliable"
)

// tally counts for a reliable session, over all its connections. Safe for
// concurrent use; the conversation writes, anybody reads.
type tally struct {
	sent, delivered, received, malformed atomic.Uint64 // lines; the last one messages that no chat wrote
	waiting                              atomic.Int64

	mu   sync.Mutex
	live map[*link]bool
	past Counters // of the connections that ended
	last *link    // its times are shown
}

// opened starts to count a connection.
func (t *tally) opened(l *link) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.live[l] = true
	t.last = l
}

// closed keeps what a connection had counted.
func (t *tally) closed(l *link) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.live, l)
	t.past.add(l.conn.Stats())
}

func (t *tally) counters() Counters {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.past
	for l := range t.live {
		c.add(l.conn.Stats())
	}
	if t.last != nil {
		c.RTT = t.last.conn.Stats().SmoothedRTT
	}
	c.LinesSent, c.LinesDelivered = t.sent.Load(), t.delivered.Load()
	c.LinesReceived, c.LinesWaiting = t.received.Load(), int(t.waiting.Load())
	c.Malformed = t.malformed.Load()
	return c
}

// add sums what is counted for each connection; what the socket counts is
// added elsewhere.
func (c *Counters) add(s reliable.Stats) {
	c.Lost += s.PacketsLost - min(s.PacketsLostSpurious, s.PacketsLost)
	c.OutOfOrder += s.PacketsOutOfOrder
	c.Duplicate += s.PacketsDuplicate
	c.Retransmits += s.Retransmits()
}
