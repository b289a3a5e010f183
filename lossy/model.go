package lossy

// Model decides the fate of every packet of one direction of one flow. A
// verdict depends on the seed, the flow, the direction, the packet's index and
// the profile, and on nothing else: not on time, not on load, not on other
// flows. Turning one impairment on or off does not change what the others
// decide.
//
// A Model is not for concurrent use. Its zero value is not usable.
type Model struct {
	profile Profile
	index   uint64

	of        streams
	losses    lossProcess // what loses packets, nil if nothing does
	law       lossProcess // that of profile.LossModel, if there is one
	bernoulli loss
	bursts    gilbert
	cap       burstCap
	delay     delay
	reorder   reorder
	duplicate duplicate
	corrupt   corrupt
	netem     *netemReplay // decides instead, nil = does not

	expects [impairmentCount]expectation // for the packet decided last; of loss only if netem decides
}

// NewModel returns the model of one direction of one flow. It panics if the
// profile is not valid. Flows are numbered from 0 in order of appearance by
// everything in this package, so that the same traffic meets the same fate in
// a simulation, in a Network and through a proxy.
func NewModel(seed, flow uint64, dir Direction, p Profile) *Model {
	of := func(use purpose) stream { return newStream(seed, flow, dir, use) }
	m := &Model{
		of:        of,
		bernoulli: loss{draws: of(drawLoss)},
		bursts:    gilbert{start: of(drawBurstStart), moves: of(drawBurst)},
		delay:     delay{draws: of(drawJitter)},
		reorder:   reorder{draws: of(drawReorder), spread: spread{draws: of(drawDisplacement)}},
		duplicate: duplicate{draws: of(drawDuplicate)},
		corrupt:   corrupt{draws: of(drawCorrupt), place: of(drawBit), key: of(drawDamage)},
	}
	m.SetProfile(p)
	return m
}

// SetProfile changes what happens to the packets from the next one on. It
// panics if the profile is not valid. The random streams stay where they are:
// setting a profile and setting it back changes no later verdict, except that
// losses with a memory, which were switched off, begin anew.
func (m *Model) SetProfile(p Profile) {
	p.mustValidate()
	m.setLoss(p)
	m.setDelay(p)
	m.profile = p
	m.reorder.set(&p)
	m.duplicate.probability, m.duplicate.extra = p.Duplicate, p.duplicateCopies()
	m.corrupt.probability, m.corrupt.how = p.Corrupt, p.CorruptHow
	m.setNetem(&p)
	m.setExpectations(&p)
}

// setLoss chooses what loses packets from the next one on.
func (m *Model) setLoss(p Profile) {
	if was := &m.profile; p.Loss == was.Loss && p.Burst == was.Burst &&
		p.LossModel == was.LossModel && p.LossBurstCap == was.LossBurstCap {
		return // most changes are of something else, and long rows are work
	}
	m.bernoulli.probability = p.Loss
	if p.bursty() {
		m.bursts.set(p.Loss, p.Burst)
	} else {
		m.bursts.begun = false
	}
	switch {
	case p.LossModel == nil:
		m.law = nil
	case p.LossModel != m.profile.LossModel:
		m.law = p.LossModel.start(m.of, m.law)
	}
	switch {
	case m.law != nil:
		m.losses = m.law
	case p.Loss == 0:
		m.losses = nil
	case p.bursty():
		m.losses = &m.bursts
	default:
		m.losses = &m.bernoulli
	}
	if p.LossBurstCap == 0 || m.losses == nil {
		m.cap = burstCap{}
		return
	}
	m.cap.losses, m.cap.most = m.losses, p.LossBurstCap
	m.losses = &m.cap
}

// setDelay chooses what packets are delayed by from the next one on.
func (m *Model) setDelay(p Profile) {
	was := &m.profile
	if p.Delay == was.Delay && p.Jitter == was.Jitter && p.Distribution == was.Distribution {
		return
	}
	m.delay.fixed, m.delay.jitter, m.delay.law = p.Delay, p.Jitter, nil
	if p.Distribution != nil {
		m.delay.law = &batchedLaw{law: p.Distribution.start(&p, m.of)}
	}
}

// Decide returns the verdict on the next packet, which has size bytes of
// payload.
func (m *Model) Decide(size int) (v Verdict) {
	m.decide(&v, size)
	return v
}

// decide is Decide for a verdict that is written where it will be used, and is
// zero so far: to copy one, field by field written a moment ago, has the
// processor wait until all of them have come to rest, and with them whatever
// they were computed from.
func (m *Model) decide(v *Verdict, size int) {
	v.Index = m.index
	m.index++
	if m.netem != nil {
		m.netem.decide(m, v, size)
		return
	}
	if m.losses != nil && m.losses.takes(v.Index) {
		v.drop(CauseLoss)
		return
	}
	v.Copies = 1
	v.Delay = m.delay.of(v.Index)
	if m.corrupt.probability > 0 {
		m.corrupt.harm(v, size)
	}
	if m.duplicate.probability > 0 {
		v.Copies = m.duplicate.copies(v.Index)
	}
	if m.reorder.probability > 0 {
		m.expects[ImpairmentReorder] = m.reorder.displace(v)
	}
}
