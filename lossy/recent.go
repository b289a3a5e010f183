package lossy

import (
	"container/list"
	"sync"
)

// MaxWrappedFlows is how many remote addresses a Conn remembers.
const MaxWrappedFlows = 4096

// recent is the flows of a Conn in the order of their last use, so that those
// of a flood of addresses do not stay.
type recent struct {
	forget func(pair) bool // false: it holds a datagram yet

	mu    sync.Mutex
	order list.List // of pair, the longest unused in front
	place map[pair]*list.Element
}

// use notes a use and, for a new flow, makes room.
func (r *recent) use(p pair) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, known := r.place[p]; known {
		r.order.MoveToBack(at)
		return
	}
	if r.place == nil {
		r.place = make(map[pair]*list.Element)
	}
	for r.order.Len() >= MaxWrappedFlows {
		oldest := r.order.Front()
		flow := oldest.Value.(pair)
		if !r.forget(flow) {
			break // a flow more for now; delays are bounded
		}
		r.order.Remove(oldest)
		delete(r.place, flow)
	}
	r.place[p] = r.order.PushBack(p)
}
