package lossy

import "time"

// delay is the propagation delay of the wire: fixed, plus a jitter drawn
// uniformly, to the nanosecond, from -jitter to +jitter; or what another law says.
type delay struct {
	draws         stream
	fixed, jitter time.Duration
	law           *batchedLaw // by Profile.Distribution, nil is uniform
	promises      *moments    // never modified, nil = none
}

func (d *delay) of(index uint64) time.Duration {
	if d.law != nil {
		return d.law.of(index)
	}
	if d.jitter == 0 {
		return d.fixed
	}
	span := uint64(2*d.jitter + 1)
	return d.fixed - d.jitter + time.Duration(d.draws.below(index, span))
}

// batchedLaw are those of a batch. A model has a pointer to them and not the
// batch itself, for most flows have no law and all of them lie in memory.
type batchedLaw struct {
	law   delayLaw
	ahead batchOf[time.Duration]
}

func (d *batchedLaw) of(index uint64) time.Duration {
	if d.ahead.lacks(index) {
		d.law.fill(d.ahead.begin(index), &d.ahead.values)
	}
	return d.ahead.at(index)
}

// fifo keeps jitter from reordering: a packet whose own delay would bring it
// out before an earlier one comes out with that one. A queue in a router
// behaves so; netem, whose packets race, does not.
type fifo struct{ last time.Duration }

func (f *fifo) due(at time.Duration) time.Duration {
	f.last = max(f.last, at)
	return f.last
}
