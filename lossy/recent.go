package lossy

import (
	"container/list"
	"sync"
	"time"
)

// MaxWrappedFlows is how many remote addresses a Conn remembers, and WrapIdle for
// how long at least those that are in use; see Conn.
const (
	MaxWrappedFlows = 4096
	WrapIdle        = time.Minute
)

const (
	// maxRegulars leaves a quarter of the places to newcomers.
	maxRegulars = MaxWrappedFlows / 4 * 3
	// mostWrappedFlows bounds what there may be besides while datagrams are on
	// their way.
	mostWrappedFlows = 4 * MaxWrappedFlows
)

// recent is the flows of a Conn by their last use. One that was used once is a
// newcomer, one used again a regular, as long as there is room for regulars.
// Newcomers make room for newcomers, so that those of a flood of addresses do not
// stay; a regular makes room for a regular, and only if it was idle.
type recent struct {
	forget func(pair) bool // false: it holds a datagram yet

	mu        sync.Mutex
	place     map[pair]*list.Element
	newcomers list.List // of *visitor, the longest unused in front
	regulars  list.List // likewise
}

// visitor is a flow and when it was used last.
type visitor struct {
	flow    pair
	seen    time.Duration
	regular bool
}

// use notes a use. False means that the flow is new and there is no room for it.
func (r *recent) use(p pair, now time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, known := r.place[p]
	if !known {
		return r.begin(p, now)
	}
	v := at.Value.(*visitor)
	v.seen = now
	switch {
	case v.regular:
		r.regulars.MoveToBack(at)
	case r.admits(now):
		r.newcomers.Remove(at)
		v.regular = true
		r.place[p] = r.regulars.PushBack(v)
	default:
		r.newcomers.MoveToBack(at)
	}
	return true
}

// begin takes in a newcomer, if there is room or can be made.
func (r *recent) begin(p pair, now time.Duration) bool {
	if r.place == nil {
		r.place = make(map[pair]*list.Element)
	}
	for len(r.place) >= MaxWrappedFlows {
		if !r.drop(&r.newcomers) {
			break // a flow more for now
		}
	}
	if len(r.place) >= mostWrappedFlows {
		return false
	}
	r.place[p] = r.newcomers.PushBack(&visitor{flow: p, seen: now})
	return true
}

// admits says whether there is room for one more regular, or can be made.
func (r *recent) admits(now time.Duration) bool {
	if r.regulars.Len() < maxRegulars {
		return true
	}
	oldest := r.regulars.Front().Value.(*visitor)
	return now-oldest.seen >= WrapIdle && r.drop(&r.regulars)
}

// drop forgets the longest unused of a list, if nothing of it is on its way.
func (r *recent) drop(from *list.List) bool {
	oldest := from.Front()
	flow := oldest.Value.(*visitor).flow
	if !r.forget(flow) {
		return false
	}
	from.Remove(oldest)
	delete(r.place, flow)
	return true
}
