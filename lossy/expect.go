package lossy

// setExpectations notes what the tallies are held to: the rates configured, or
// what netem's arithmetic makes of them.
func (m *Model) setExpectations(p *Profile) {
	m.delay.promises = expectDelay(p)
	if r := m.netem; r != nil {
		// Most changes are of something else, and this is work.
		now := judged{p.Loss, p.Burst, p.Duplicate, p.Corrupt, p.Reorder, p.LossModel, p.ReorderGap, p.Netem}
		if r.judged == now {
			return
		}
		r.judged = now
		m.expectNetem(p)
		return
	}
	m.expects = [impairmentCount]expectation{
		ImpairmentDuplicate: {p.Duplicate, 1},
		ImpairmentCorrupt:   {p.Corrupt, 1},
		ImpairmentReorder:   {p.Reorder, 1},
	}
	if p.ReorderGap > 0 {
		// As if its packets were independent: they are more regular, so the
		// interval is wider than it need be.
		m.expects[ImpairmentReorder].probability = p.gapShare()
	}
	m.vanishing = 1
}

// expectNetem is what netem's arithmetic promises of the packets that are not
// dropped.
func (m *Model) expectNetem(p *Profile) {
	rate := func(probability, correlation float64) NetemRate {
		return netemCorrelated(probability, correlation, tallyCells)
	}
	duplicate := rate(p.Duplicate, p.Netem.Duplicate)
	corrupt := rate(p.Corrupt, p.Netem.Corrupt)
	reorder := p.gapped(rate(p.Reorder, p.Netem.Reorder))
	lost, both := p.lossBesideCopies(duplicate.Mean)
	doubled := duplicate.Mean
	if m.vanishing = 1 - duplicate.Mean; lost > 0 && lost < 1 {
		// Of all packets, doubled*both are, and lost*vanishing are dropped.
		doubled *= both / (1 - lost*m.vanishing)
		if _, nominal := m.nominalLoss(); nominal > 0 {
			m.vanishing *= lost / nominal
		}
	}
	m.expects = [impairmentCount]expectation{
		ImpairmentDuplicate: {doubled, duplicate.Inflation},
		ImpairmentCorrupt:   {corrupt.Mean, corrupt.Inflation},
		ImpairmentReorder:   {reorder.Mean, reorder.Inflation},
	}
}

// nominalLoss is what the loss model is expected to take of packets without
// copies, if that does not depend on the index.
func (m *Model) nominalLoss() (known bool, probability float64) {
	if m.losses == nil || !m.profile.losesCopies() {
		return false, 0
	}
	probability, _ = m.losses.odds()
	return true, probability
}

// lossBesideCopies is the chance that a packet is lost, and that neither it nor
// its copy is, if a share of the packets is doubled. A copy is asked about only if
// its original was kept, so the packet behind is one step further from a loss
// where there was one: correlated losses become a little more.
func (p *Profile) lossBesideCopies(doubled float64) (lost, both float64) {
	switch m := p.LossModel.(type) {
	case NetemLoss:
		if m.p > 0 && m.p < 1 && m.correlation > 0 && m.correlation < 1 {
			return besideCopies(m.p, m.correlation, doubled)
		}
		return m.mean, (1 - m.mean) * (1 - m.mean)
	case nil, chained:
		c := p.lossChain()
		var next, keep matrix
		for from := range c.states {
			for to := range c.states {
				next[from][to] = (c.loses[from] + (1-c.loses[from])*(1-doubled)) * c.moves[from][to]
				keep[from][to] = (1 - c.loses[from]) * c.moves[from][to]
			}
		}
		again := keep.times(c.moves)
		for from := range c.states {
			for to := range c.states {
				next[from][to] += doubled * again[from][to]
			}
		}
		pi := next.stationary(c.states)
		kept := pi.times(keep)
		return pi.dot(c.loses), kept.dot(vector{1, 1, 1, 1}) - kept.dot(c.loses)
	}
	return 0, 0 // by index
}
