package arq

import (
	"time"

	"udplab/reliable/congestion"
)

// sent remembers every packet that may still be acknowledged, in a ring
// indexed by packet number, and what each one carried, in a second ring that
// runs in step. Both grow to what is in flight and are then reused.
//
// Two things keep the work per ack independent of what is in flight: packets
// that wait for their fate are linked in the order they were sent, so loss
// detection looks at the oldest and stops; and the numbers acknowledged are
// kept as a set, so of an ack only the numbers that are new are visited.
type sent struct {
	packets      ring[sentPacket]
	pieces       ring[piece]
	oldest, last uint64 // ends of the list of outstanding packets; 0 = empty
	acked        spans  // numbers acknowledged, as far as they are remembered
	quiet        int    // packets remembered that ask for no acknowledgment
}

// sentPacket is what loss detection and congestion control know of a packet.
type sentPacket struct {
	at           time.Duration
	size         int32
	pieceCount   uint32
	firstPiece   uint64 // index of its first piece
	before, next uint64 // neighbours in the list of outstanding packets; 0 = none
	ackedUpTo    uint64 // largest number its ack frame acknowledged
	maxDataLimit uint64 // the credit it announced; 0 = none
	rate         congestion.Snapshot
	ackFrequency uint32 // sequence number of the ack_frequency frame it carried; 0 = none
	hasAck       bool
	fin          bool
	timed        bool // it says when it was sent
	eliciting    bool // asks for an acknowledgment and counts as in flight
	acked, lost  bool
	prompt       bool // left alone, and asks for its acknowledgment at once
	moreWaited   bool // more data waited to leave behind it: not the application was the limit
	marked       bool // left as ECN-capable
}

// piece is something carried by a packet that is sent again if it is lost.
type piece struct {
	kind   pieceKind
	reason repairReason // why it was sent again; noRepair for a copy too
	copied bool         // a probe carries these bytes too: its fate decides, not this one's
	first  bool         // a whole message that leaves for the first time
	spared bool         // of such a one a copy was acknowledged: its loss does not matter
	lane   uint16       // index of the lane; for pieceCredit the channel
	seq    uint64       // message, or the first of a run of messages
	lo, hi uint64       // what it is of it, see pieceKind
}

// whole reports whether the piece is a whole message of that size.
func (p *piece) whole(size uint64) bool {
	return p.kind == pieceMessage && p.lo == 0 && p.hi == size
}

// pieceKind says what a piece is.
type pieceKind uint8

const (
	pieceMessage pieceKind = iota // bytes [lo, hi) of message seq
	pieceSkip                     // messages [seq, hi) are not repaired any more
	pieceLate                     // messages [seq, hi) of the peer's lane were not delivered
	pieceCredit                   // the credit hi of a channel
)

// outstanding reports whether the packet still waits for its fate.
func (p *sentPacket) outstanding() bool { return p.eliciting && !p.acked && !p.lost }

// push records a packet that leaves.
func (s *sent) push(p *sentPacket) {
	n := s.packets.end()
	if p.eliciting {
		p.before = s.last
		if s.last == 0 {
			s.oldest = n
		} else {
			s.packets.at(s.last).next = n
		}
		s.last = n
	} else {
		s.quiet++
	}
	*s.packets.extend() = *p
}

// settle takes a packet out of the list of outstanding ones.
func (s *sent) settle(p *sentPacket) {
	if p.before == 0 {
		s.oldest = p.next
	} else {
		s.packets.at(p.before).next = p.next
	}
	if p.next == 0 {
		s.last = p.before
	} else {
		s.packets.at(p.next).before = p.before
	}
	p.before, p.next = 0, 0
}

// acknowledge calls visit for every packet of [lo, hi) that is remembered and
// was not acknowledged before.
func (s *sent) acknowledge(lo, hi uint64, visit func(n uint64)) {
	lo, hi = max(lo, s.packets.first()), min(hi, s.packets.end())
	s.acked.missing(lo, hi, func(lo, hi uint64) {
		for n := lo; n < hi; n++ {
			visit(n)
		}
	})
	s.acked.add(lo, hi)
}

// retire drops from the front what nothing can happen to any more: packets
// acknowledged, packets that ask for no acknowledgment, and packets that were
// declared lost so long ago that a late acknowledgment is no longer expected.
func (s *sent) retire(forgetLostBefore time.Duration) {
	for s.packets.len() > 0 {
		p := s.packets.at(s.packets.first())
		if p.outstanding() || p.lost && !p.acked && p.at >= forgetLostBefore {
			break
		}
		if !p.eliciting {
			s.quiet--
		}
		s.pieces.drop(int(p.pieceCount))
		s.packets.drop(1)
	}
	s.trim()
}

// forget drops all packets, none of which may be outstanding: acks of them mean
// nothing any more.
func (s *sent) forget() {
	s.pieces.drop(s.pieces.len())
	s.packets.drop(s.packets.len())
	s.trim()
}

// forgotten is how many intervals of acknowledged numbers below the oldest
// packet are kept before they are all dropped at once.
const forgotten = 32

// trim drops what is known of the numbers below the oldest packet, now and
// then.
func (s *sent) trim() {
	if stale := s.acked.find(s.packets.first()); stale >= max(forgotten, len(s.acked)/2) {
		s.acked.removeBelow(s.packets.first())
	}
}

// ring is a queue whose elements keep their absolute index for life. Popped
// elements' slots are reused; nothing is allocated in steady state.
type ring[T any] struct {
	slots []T // power of two
	head  uint64
	tail  uint64
}

func (r *ring[T]) len() int      { return int(r.tail - r.head) }
func (r *ring[T]) first() uint64 { return r.head }
func (r *ring[T]) end() uint64   { return r.tail }

// start sets the index of the first element of an empty ring.
func (r *ring[T]) start(index uint64) { r.head, r.tail = index, index }

// has reports whether index is in the ring.
func (r *ring[T]) has(index uint64) bool { return index >= r.head && index < r.tail }

// at returns the element with the index, which must be in the ring. The
// pointer is valid until the next push.
func (r *ring[T]) at(index uint64) *T { return &r.slots[index&uint64(len(r.slots)-1)] }

// push appends an element and returns its index.
func (r *ring[T]) push(v T) uint64 {
	if r.len() == len(r.slots) {
		r.grow()
	}
	index := r.tail
	r.slots[index&uint64(len(r.slots)-1)] = v
	r.tail++
	return index
}

// extend appends an element to be set at once: it is whatever was in its slot.
func (r *ring[T]) extend() *T {
	if r.len() == len(r.slots) {
		r.grow()
	}
	r.tail++
	return r.at(r.tail - 1)
}

// drop removes n elements that hold nothing alive.
func (r *ring[T]) drop(n int) { r.head += uint64(n) }

// popFront removes n elements, clearing them so that they hold nothing alive.
func (r *ring[T]) popFront(n int) {
	var zero T
	for range n {
		r.slots[r.head&uint64(len(r.slots)-1)] = zero
		r.head++
	}
}

func (r *ring[T]) grow() {
	slots := make([]T, max(4, 2*len(r.slots)))
	for i := r.head; i != r.tail; i++ {
		slots[i&uint64(len(slots)-1)] = *r.at(i)
	}
	r.slots = slots
}
