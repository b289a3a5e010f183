package sim

import "time"

// event is something that will happen.
type event struct {
	at    time.Duration
	order uint64 // insertion number: events of one time happen in the order they were made
	kind  eventKind
	index int // of a path, an end, a held datagram or a call, by kind
}

type eventKind uint8

const (
	eventPath eventKind = iota // a datagram comes out of a path's link
	eventEnd                   // a connection's timer runs out
	eventHeld                  // a datagram that was held back goes on
	eventCall                  // a function of the test is called
)

// queue is a binary heap of events. It is written out because container/heap
// would box every event.
type queue []event

func (q queue) before(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].order < q[j].order
}

func (q *queue) push(e event) {
	*q = append(*q, e)
	h := *q
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.before(i, up) {
			return
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

// pop takes out the earliest event. There must be one.
func (q *queue) pop() event {
	h := *q
	first := h[0]
	last := len(h) - 1
	h[0] = h[last]
	h = h[:last]
	*q = h
	for i := 0; ; {
		down := 2*i + 1
		if down >= last {
			return first
		}
		if down+1 < last && h.before(down+1, down) {
			down++
		}
		if !h.before(down, i) {
			return first
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
}
