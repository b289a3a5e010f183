package lossy

import (
	"math"
	"time"
)

// netemReplay decides by the arithmetic of sch_netem.c, which NetemCompat
// describes. Its numbers are drawn by the packet's index, those of a copy by the
// index with copyBit, so that packets before it move them only through the
// correlations and the gap, which have a memory in netem, too.
type netemReplay struct {
	duplicate, corrupt, reorder, delay crandom
	shares                             struct{ duplicate, corrupt, reorder uint32 }

	losses       lossProcess
	again        recurrent // the same, if it may lose copies, too
	gap, counter uint32
	mean, jitter time.Duration
	samples      string // of the table, "" = uniform

	more float64 // see lossBesideCopies
}

const copyBit = 1 << 63

// setNetem prepares the replay, or ends it. What has a memory keeps it as long
// as the replay is on.
func (m *Model) setNetem(p *Profile) {
	if !p.Netem.On {
		m.netem = nil
		return
	}
	r := m.netem
	if r == nil {
		r = &netemReplay{
			duplicate: crandom{draws: m.of(drawNetemDuplicate)}, corrupt: crandom{draws: m.of(drawNetemCorrupt)},
			reorder: crandom{draws: m.of(drawNetemReorder)}, delay: crandom{draws: m.of(drawNetemDelay)},
		}
		m.netem = r
	}
	r.duplicate.set(p.Netem.Duplicate)
	r.corrupt.set(p.Netem.Corrupt)
	r.reorder.set(p.Netem.Reorder)
	r.delay.set(p.Netem.Delay)
	r.shares.duplicate, r.shares.corrupt, r.shares.reorder = netemShare(p.Duplicate), netemShare(p.Corrupt), netemShare(p.Reorder)
	r.losses = m.losses
	r.again, _ = m.losses.(recurrent)
	r.gap, r.mean, r.jitter = uint32(p.ReorderGap), p.Delay, min(p.Jitter, math.MaxInt32) // ns, as netem_change has it
	r.samples, _ = netemSamples(p.Distribution)
}

// decide is netem_enqueue for a packet and its copy. What was to be expected, after
// what was drawn before, is noted with each draw.
func (r *netemReplay) decide(m *Model, v *Verdict, size int) {
	index, expects := v.Index, &m.expects
	double := r.duplicate.chance(r.shares.duplicate)
	doubled := r.duplicate.hits(index, r.shares.duplicate)
	lost := false
	if r.losses != nil {
		lost = r.losses.takes(index)
		e := r.losses.odds()
		e.probability *= r.more
		expects[ImpairmentLoss] = e.thinned(1 - double)
	}
	if lost && !doubled {
		v.drop(CauseLoss)
		return
	}
	v.Copies = 1
	switch {
	case lost: // one of the two arrives
		expects[ImpairmentDuplicate] = certain(false)
	case r.again != nil:
		expects[ImpairmentDuplicate] = chance(double * (1 - r.again.again()))
	default:
		expects[ImpairmentDuplicate] = chance(double)
	}
	if doubled && !lost && !(r.again != nil && r.again.takes(index|copyBit)) {
		v.Copies = 2
		// The copy goes first. Its damage and its time are drawn and not used.
		r.corrupt.hits(index|copyBit, r.shares.corrupt)
		r.send(index|copyBit, expects)
	}
	expects[ImpairmentCorrupt] = chance(r.corrupt.chance(r.shares.corrupt))
	if r.corrupt.hits(index, r.shares.corrupt) {
		m.corrupt.wound(v, size)
	}
	v.Delay, v.AtOnce = r.send(index, expects)
}

// send draws a packet's delay, or sends it at once.
func (r *netemReplay) send(index uint64, expects *[impairmentCount]expectation) (delay time.Duration, atOnce bool) {
	expects[ImpairmentReorder] = certain(false)
	if r.gap > 0 && r.counter >= r.gap-1 {
		expects[ImpairmentReorder] = chance(r.reorder.chance(r.shares.reorder))
		if r.reorder.next(index) <= r.shares.reorder {
			r.counter = 0
			return 0, true
		}
	}
	r.counter++
	return r.tabledist(index), false
}

// tabledist is netem's of that name. The remainder undoes most of what a
// correlation does: it takes the low digits of the draw, which have next to none.
func (r *netemReplay) tabledist(index uint64) time.Duration {
	if r.jitter == 0 {
		return r.mean
	}
	drawn := r.delay.next(index)
	var d time.Duration
	if r.samples == "" {
		d = time.Duration(uint64(drawn)%uint64(2*r.jitter)) + r.mean - r.jitter
	} else {
		i := 2 * (drawn % uint32(len(r.samples)/2))
		t := int64(int16(uint16(r.samples[i])<<8 | uint16(r.samples[i+1])))
		x := int64(r.jitter) % tableScale * t
		if x >= 0 {
			x += tableScale / 2
		} else {
			x -= tableScale / 2
		}
		d = time.Duration(x/tableScale+int64(r.jitter)/tableScale*t) + r.mean
	}
	return min(max(d, 0), MaxDelay)
}
