package lossy

import (
	"errors"
	"fmt"
	"time"
)

// ReorderHold is the longest a displaced packet is held for others to overtake
// it, counted from when it would have come out. It bounds what reordering
// does to the last packet of a burst and to a slow flow: behind a displaced
// packet that nobody follows within this time, order is kept after all.
const ReorderHold = 100 * time.Millisecond

// reorder displaces packets, in one of three ways.
//
//   - By number: a displaced packet steps aside when its turn comes and returns
//     after `by` later datagrams that were not displaced themselves have come
//     out. by is fixed, or drawn for each from a spread.
//   - By time: it steps aside and returns after hold, however many pass.
//   - As netem does, with gap: it is sent at once while others are delayed, and
//     so overtakes them. See gap.go.
//
// Displaced packets that step aside keep their order among each other.
type reorder struct {
	draws       stream
	probability float64
	by          int
	spread      spread
	hold        time.Duration
	gap         gap
}

func (r *reorder) set(p *Profile) {
	r.probability = p.Reorder
	r.by = p.reorderBy()
	r.spread.set(p.ReorderSpread, p.Reorder)
	r.hold = p.ReorderFor
	r.gap.every = p.ReorderGap
}

// displace says in the verdict how the packet is displaced, if it is. It returns
// what was to be expected, after what happened to the packets before.
func (r *reorder) displace(v *Verdict) expectation {
	if r.gap.every > 0 && !r.gap.open() {
		return certain(false)
	}
	hit := r.draws.hits(v.Index, r.probability)
	switch {
	case r.gap.every > 0:
		r.gap.passed(v, hit)
	case !hit:
	case r.hold > 0:
		v.Hold = r.hold
	case r.spread.law != Displacement{}:
		v.By = r.spread.of(v.Index)
	default:
		v.By = r.by
	}
	return chance(r.probability)
}

func (p Profile) validateReorder() error {
	if p.ReorderBy < 0 || p.ReorderBy > MaxReorderBy {
		return fmt.Errorf("reorder-by %d: must be between 1 and %d datagrams, or 0 for %d",
			p.ReorderBy, MaxReorderBy, DefaultReorderBy)
	}
	if p.ReorderSpread != (Displacement{}) {
		if err := p.ReorderSpread.validate(); err != nil {
			return fmt.Errorf("reorder-by %v: %w", p.ReorderSpread, err)
		}
		if p.ReorderBy != 0 {
			return fmt.Errorf("reorder-by: either %d or %v", p.ReorderBy, p.ReorderSpread)
		}
	}
	if p.ReorderFor < 0 || p.ReorderFor > MaxDelay {
		return fmt.Errorf("reorder-hold %v: must be between 0 and %v", p.ReorderFor, MaxDelay)
	}
	byNumber := p.ReorderBy != 0 || p.ReorderSpread != Displacement{}
	if p.ReorderFor > 0 && byNumber {
		return errors.New("reorder-hold: a packet is held for a time or for a number of others, so leave reorder-by at 0")
	}
	return p.validateGap(byNumber)
}

// describeReorder is what String says of the way of reordering.
func (p Profile) describeReorder() string {
	switch {
	case p.ReorderGap > 0:
		return fmt.Sprintf("gap %d", p.ReorderGap)
	case p.ReorderFor > 0:
		return fmt.Sprintf("held %v", p.ReorderFor)
	case p.ReorderSpread != Displacement{}:
		return "by " + p.ReorderSpread.String()
	}
	return fmt.Sprintf("by %d", p.reorderBy())
}

func (p Profile) reorderBy() int {
	if p.ReorderBy == 0 {
		return DefaultReorderBy
	}
	return p.ReorderBy
}

// displaced is a datagram that waits beside the wire to be overtaken.
type displaced struct {
	after   uint64        // how many datagrams went onto the wire before it, and
	until   uint64        // how many must have come out of it to let this one go
	expires time.Duration // when it goes in any case, if
	behind  time.Duration // one displaced before it goes then
	outside
}

// end is when it goes in any case.
func (d *displaced) end() time.Duration { return max(d.expires, d.behind) }
