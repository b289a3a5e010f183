package raw

import "time"

// oracle is the dumb twin of Account: it keeps every arrival of the current
// numbering in a list and answers each question by looking through all of it.
// Numbers come to it unwrapped.
type oracle struct {
	started  bool
	jumped   bool
	first    int64
	highest  int64
	accepted []int64 // first copies of this numbering, in order of arrival

	past      int64 // first copies of earlier numberings
	pastLost  int64
	pastFirst int64 // Before at the end of the first numbering
	other     AccountStats
	times     []transit
}

type transit struct{ now, sentAt int64 } // microseconds

func (o *oracle) receive(now time.Duration, n int64, sentAt uint64) Arrival {
	wire := int64(uint32(n))
	switch {
	case !o.started:
		o.started, o.first, o.highest = true, wire, wire
		o.accept(now, wire, sentAt)
		return Arrival{Kind: First, Number: uint64(wire), Missing: uint64(wire)}
	case n-o.highest > MaxJump || o.highest-n > MaxJump:
		o.jump(wire)
		o.accept(now, wire, sentAt)
		return Arrival{Kind: Jump, Number: uint64(wire)}
	case n > o.highest:
		missing := n - o.highest - 1
		o.highest = n
		o.accept(now, n, sentAt)
		if missing == 0 {
			return Arrival{Kind: InOrder, Number: uint64(n)}
		}
		return Arrival{Kind: Gap, Number: uint64(n), Missing: uint64(missing)}
	case n <= o.highest-Window:
		o.other.OutOfWindow++
		return Arrival{Kind: OutOfWindow, Number: uint64(n)}
	case o.has(n):
		o.other.Duplicate++
		return Arrival{Kind: Duplicate, Number: uint64(n)}
	}
	extent := o.extent(n)
	o.other.OutOfOrder++
	o.other.MaxExtent = max(o.other.MaxExtent, extent)
	o.accept(now, n, sentAt)
	return Arrival{Kind: Late, Number: uint64(n), Extent: extent}
}

func (o *oracle) accept(now time.Duration, n int64, sentAt uint64) {
	o.accepted = append(o.accepted, n)
	o.times = append(o.times, transit{now.Microseconds(), int64(sentAt)})
}

func (o *oracle) jump(to int64) {
	lost, before := o.missing()
	o.pastLost += lost
	if !o.jumped {
		o.pastFirst = before
	}
	o.past += int64(len(o.accepted))
	o.other.Jumps++
	o.jumped, o.accepted = true, nil
	o.first, o.highest = to, to
}

func (o *oracle) has(n int64) bool {
	for _, m := range o.accepted {
		if m == n {
			return true
		}
	}
	return false
}

// extent is RFC 4737 section 4.2.3 word for word: this packet's place among
// the arrivals less that of the earliest arrival with a higher number.
func (o *oracle) extent(n int64) uint64 {
	for j, m := range o.accepted {
		if m > n {
			return uint64(len(o.accepted) - j)
		}
	}
	panic("nothing overtook it")
}

// missing counts, among the numbers of this numbering, those above the first
// arrival that are not here, and those below it.
func (o *oracle) missing() (lost, before int64) {
	above, below := int64(0), int64(0)
	for _, m := range o.accepted {
		if m >= o.first {
			above++
		} else {
			below++
		}
	}
	return o.highest - o.first + 1 - above, o.first - below
}

func (o *oracle) stats() AccountStats {
	s := o.other
	lost, before := o.missing()
	if o.jumped {
		before = o.pastFirst
	}
	s.Received = uint64(o.past) + uint64(len(o.accepted))
	s.Lost = uint64(o.pastLost + lost)
	s.Before = uint64(before)
	s.Expected = s.Received + s.Lost
	s.Jitter = o.jitter()
	return s
}

// jitter runs RFC 3550 appendix A.8 over the whole list, in sixteenths of a
// microsecond.
func (o *oracle) jitter() time.Duration {
	j := int64(0)
	for i := 1; i < len(o.times); i++ {
		d := (o.times[i].now - o.times[i].sentAt) - (o.times[i-1].now - o.times[i-1].sentAt)
		if d < 0 {
			d = -d
		}
		if d >= 0 && d <= int64(time.Hour/time.Microsecond) {
			j += d - (j+8)/16
		}
	}
	return time.Duration(j) * time.Microsecond / 16
}
