package lossy

import "time"

// ReorderHold is the longest a displaced packet is held for others to overtake
// it, counted from when it would have come out. It bounds what reordering
// does to the last packet of a burst and to a slow flow: behind a displaced
// packet that nobody follows within this time, order is kept after all.
const ReorderHold = 100 * time.Millisecond

// reorder displaces packets: a displaced one steps aside when its turn comes
// and returns after `by` later datagrams that were not displaced themselves
// have come out. Displaced packets keep their order among each other.
type reorder struct {
	draws       stream
	probability float64
	by          int
}

// displacement returns how many datagrams overtake the packet, 0 for none.
func (r *reorder) displacement(index uint64) int {
	if !r.draws.hits(index, r.probability) {
		return 0
	}
	return r.by
}

// displaced is a datagram that waits beside the wire to be overtaken.
type displaced struct {
	after   uint64        // how many datagrams went onto the wire before it, and
	until   uint64        // how many must have come out of it to let this one go
	expires time.Duration // when it goes in any case
	tag     uint64
}
