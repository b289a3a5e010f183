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

	losses       lossProcess // may lose copies, too
	copies       bool
	gap, counter uint32
	mean, jitter time.Duration
	samples      string // of the table, "" = uniform

	judged judged // what the expectations of the model were computed from
}

const copyBit = 1 << 63

// judged is what the rates of a replay depend on.
type judged struct {
	loss, burst, duplicate, corrupt, reorder float64
	model                                    LossModel
	gap                                      int
	netem                                    NetemCompat
}

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
	r.losses, r.copies = m.losses, p.losesCopies()
	r.gap, r.mean, r.jitter = uint32(p.ReorderGap), p.Delay, min(p.Jitter, math.MaxInt32) // ns, as netem_change has it
	r.samples, _ = netemSamples(p.Distribution)
}

// losesCopies says whether the losses are drawn anew for a copy: those that go by
// the packet's index say nothing of one.
func (p *Profile) losesCopies() bool {
	_, netem := p.LossModel.(NetemLoss)
	_, known := p.LossModel.(chained)
	return p.LossModel == nil || netem || known
}

// decide is netem_enqueue for a packet and its copy.
func (r *netemReplay) decide(m *Model, v *Verdict, size int) {
	index := v.Index
	count := 1
	if r.duplicate.hits(index, r.shares.duplicate) {
		count++
	}
	if r.losses != nil && r.losses.takes(index) {
		count--
	}
	if count == 0 {
		v.drop(CauseLoss)
		return
	}
	v.Copies = 1
	if count == 2 && !(r.copies && r.losses != nil && r.losses.takes(index|copyBit)) {
		v.Copies = 2
		// The copy goes first. Its damage and its time are drawn and not used.
		r.corrupt.hits(index|copyBit, r.shares.corrupt)
		r.send(index | copyBit)
	}
	if r.corrupt.hits(index, r.shares.corrupt) {
		m.corrupt.wound(v, size)
	}
	v.Delay, v.AtOnce = r.send(index)
}

// send draws a packet's delay, or sends it at once.
func (r *netemReplay) send(index uint64) (delay time.Duration, atOnce bool) {
	if r.gap == 0 || r.counter < r.gap-1 || r.shares.reorder < r.reorder.next(index) {
		r.counter++
		return r.tabledist(index), false
	}
	r.counter = 0
	return 0, true
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
