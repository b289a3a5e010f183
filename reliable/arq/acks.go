package arq

import (
	"time"

	"udplab/proto"
)

// maxTrackedRanges bounds how many separate ranges of received packet numbers
// are remembered. The oldest is given up first: packets below it count as
// seen, so the peer repeats at worst what it had sent there.
const maxTrackedRanges = 64

// acks is the receiver's half of reliability: which packets came, and what
// the peer has still to be told about them.
type acks struct {
	seen      spans  // received packet numbers at or above floor
	floor     uint64 // every number below counts as received
	largest   uint64
	largestAt time.Duration // when largest arrived
	any       bool

	// told is where ack frames may stop: what was received below it, the peer
	// is known to know.
	told uint64

	extent     int  // the most packets with higher numbers that had come before one
	disordered bool // the newest arrival was out of order or behind a gap
	elicited   int  // ack-eliciting packets since the last ack was sent
	immediate  bool // the next ack must not wait

	wishes proto.AckFrequency // what the peer lets us save; meaningful when wished
	wished bool
}

// duplicate reports whether the packet was received before, or is so old that
// it must be taken for received.
func (a *acks) duplicate(number uint64) bool {
	return number < a.floor || a.seen.contains(number)
}

// received records a packet that is no duplicate and reports whether it
// arrived out of order (RFC 4737 section 3: a larger number came before).
func (a *acks) received(now time.Duration, number uint64) (outOfOrder bool) {
	outOfOrder = a.any && number < a.largest
	gap := a.any && number > a.largest+1
	if !a.any || number > a.largest {
		a.any, a.largest, a.largestAt = true, number, now
	}
	if outOfOrder {
		a.extent = max(a.extent, a.seen.above(number))
	}
	a.seen.add(number, number+1)
	a.told = min(a.told, number)
	if len(a.seen) > maxTrackedRanges {
		a.floor = a.seen[1].lo
		a.seen.removeBelow(a.floor)
	}
	a.disordered = outOfOrder || gap
	return outOfOrder
}

// ackElicited records that the packet just received asks for an
// acknowledgment. One that is out of order or behind a gap gets it at once, so
// that the sender detects the loss early (RFC 9000 section 13.2.1); otherwise
// every second one does (section 13.2.2), or as many as the peer allows. A
// packet that does not ask never makes us answer, or two ends could acknowledge
// each other's acks for ever.
func (a *acks) ackElicited() {
	a.elicited++
	a.immediate = a.immediate || a.disordered || a.elicited >= a.threshold()
}

// threshold is how many packets that ask for an ack may wait for one.
func (a *acks) threshold() int {
	if a.wished {
		return int(a.wishes.Threshold)
	}
	return defaultAckThreshold
}

// delay is how long an ack may wait: what the peer wishes, or own, and never
// more than maxAckDelay.
func (a *acks) delay(own time.Duration) time.Duration {
	if a.wished {
		return min(max(a.wishes.MaxDelay, minAckDelay), maxAckDelay)
	}
	return own
}

// wish takes in an ack_frequency frame; an older one that comes late does not
// count.
func (a *acks) wish(f *proto.AckFrequency) {
	if !a.wished || int32(f.Seq-a.wishes.Seq) > 0 {
		a.wishes, a.wished = *f, true
	}
}

// due reports whether an ack has to be sent, now or when its timer runs out.
func (a *acks) due() bool { return a.elicited > 0 }

// frame fills f with what was received, newest ranges first.
func (a *acks) frame(now time.Duration, f *proto.Ack) {
	f.Largest = uint32(a.largest)
	f.Delay = now - a.largestAt
	f.N = 0
	above := a.largest + 1 // lowest number of the range before
	for i := len(a.seen) - 1; i >= 0 && f.N < proto.MaxAckRanges; i-- {
		s := a.seen[i]
		if s.hi <= a.told {
			break
		}
		f.Ranges[f.N] = proto.AckRange{Gap: uint32(above - s.hi), Count: uint32(s.hi - s.lo)}
		above = s.lo
		f.N++
	}
}

// sent records that an ack frame left.
func (a *acks) sent() { a.elicited, a.immediate = 0, false }

// confirmed notes that the peer acknowledged a packet of ours whose ack frame
// reached up to largest, so that later frames need not repeat what is below
// (RFC 9000 section 13.2.4). What is missing there may still arrive; told goes
// down again for it.
func (a *acks) confirmed(largest uint64) { a.told = max(a.told, largest+1) }
