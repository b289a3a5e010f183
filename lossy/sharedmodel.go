package lossy

import "fmt"

// SharedFlow is the number that stands for all flows of a direction together: a
// model that they share draws from the streams of
//
//	NewModel(seed, SharedFlow, direction, profile)
//
// No flow has it: those numbered by appearance are below 2^62 in any run that
// ends, and those of a name are 2^63 or more.
const SharedFlow uint64 = 1 << 62

// SetModel gives the link a model that other links have too (SharedFlow). It
// decides about what is sent while the profile says SharedModel, and takes the
// profile's rules at once: profiles of links that share one should agree
// (Profile.SameModel), for the one set last holds. A link can have one in its
// life; another one panics.
//
// A shared model counts the packets of all its links in the order in which they
// are sent; Verdict.Turn is that count. What a verdict does (delay, order, what
// overtakes what) happens on the link alone. The link's own model stands still
// meanwhile. Links that share one are not for concurrent use: one lock must cover
// them all.
func (l *Link) SetModel(m *Model) {
	if l.common != nil && l.common != m {
		panic("lossy: the link shares another model already")
	}
	l.common = m
	l.SetProfile(l.model.profile)
}

// Shares says whether the profile in force has the flows of a direction share
// anything.
func (l *Link) Shares() bool {
	return l.model.profile.SharedBottleneck || l.model.profile.SharedModel
}

// chooseModel says which model decides from now on, under which profile.
func (l *Link) chooseModel(p *Profile) {
	l.decides = l.model
	if l.common != nil && p.SharedModel {
		l.common.SetProfile(*p)
		l.decides = l.common
	}
}

// takeTurn is for a verdict of a shared model: its index there becomes the turn,
// and the link counts the packet as one of its own.
func (l *Link) takeTurn(v *Verdict) {
	v.Shared, v.Turn = true, v.Index
	v.Index = l.model.index
	l.model.index++
}

// LossMemory is the setting by which losses depend on the packets before, or on
// how many those were: what each flow begins anew unless it shares a model. It is
// "" if each loss is independent.
func (p Profile) LossMemory() string {
	switch m := p.LossModel.(type) {
	case nil:
		switch {
		case p.Loss == 0 || p.Loss == 1:
		case p.bursty():
			return fmt.Sprintf("burst %v", p.Burst)
		case p.LossBurstCap > 0:
			return fmt.Sprintf("loss-burst-cap %d", p.LossBurstCap)
		}
		return ""
	case NetemLoss:
		if m.correlation == 0 {
			return ""
		}
	case CorrelatedLoss:
		if m.Rho == 0 {
			return ""
		}
	}
	return "loss-model " + shortened(p.LossModel.String())
}

// SameModel says whether two profiles have the same decided about packets: by
// loss, delay, reordering, duplication and corruption. Those of links that share
// a model should; see Link.SetModel.
func (p Profile) SameModel(o Profile) bool {
	decided := func(p Profile) Profile {
		return Profile{
			Loss: p.Loss, Burst: p.Burst, LossModel: p.LossModel, LossBurstCap: p.LossBurstCap,
			Delay: p.Delay, Jitter: p.Jitter, Distribution: p.Distribution,
			Reorder: p.Reorder, ReorderBy: p.reorderBy(), ReorderSpread: p.ReorderSpread, ReorderFor: p.ReorderFor, ReorderGap: p.ReorderGap,
			Duplicate: p.Duplicate, DuplicateCopies: p.duplicateCopies(),
			Corrupt: p.Corrupt, CorruptHow: p.CorruptHow, Netem: p.Netem,
		}
	}
	return decided(p) == decided(o)
}
