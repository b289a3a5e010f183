package lossy

// expectation is what is promised of an event that may happen to a packet: its
// probability, and what it adds to the variance of the number of such events,
// which is more than its own where they come in bursts.
type expectation struct{ probability, variance float64 }

// chance is an event that is independent of those before, or whose probability
// follows from them: then, too, the variances add up.
func chance(p float64) expectation { return expectation{p, float64(p * (1 - p))} }

// certain is a fate that is no matter of chance.
func certain(happens bool) expectation {
	if happens {
		return expectation{1, 0}
	}
	return expectation{}
}

// inBursts is an event of which the variance of the mean of many packets exceeds
// that of independent ones by a factor. Where it is less than 1, few packets of
// many flows vary more than that, so they pass for independent.
func inBursts(p, inflation float64) expectation {
	return expectation{p, float64(float64(p*(1-p)) * max(1, inflation))}
}

// thinned is an event that is noticed by that chance only.
func (e expectation) thinned(noticed float64) expectation {
	unnoticed := float64(noticed*(1-noticed)) * e.probability
	return expectation{float64(e.probability * noticed), float64(e.variance*noticed*noticed) + unnoticed}
}

// setExpectations notes what the tallies are held to. What depends on the packets
// before is noted as each is decided.
func (m *Model) setExpectations(p *Profile) {
	m.delay.promises = expectDelay(p)
	m.expects = [impairmentCount]expectation{
		ImpairmentDuplicate: chance(p.Duplicate),
		ImpairmentCorrupt:   chance(p.Corrupt),
		ImpairmentReorder:   chance(p.Reorder),
	}
	if m.netem != nil {
		m.netem.more = p.lossBesideCopies()
	}
}

// recurrent is a loss model of which a copy is asked about like a packet of its
// own: those that go by the packet's index say nothing of one.
type recurrent interface {
	lossProcess
	// again is how likely the next is to be taken, after those before it.
	again() float64
}

// lossBesideCopies is by what factor losses become more, in the long run, where
// netem's replay doubles packets: a copy is asked about only if its original was
// kept, so the packet behind is one step further from a loss where there was one.
func (p *Profile) lossBesideCopies() float64 {
	if _, known := p.LossModel.(chained); p.Duplicate == 0 || !known && p.LossModel != nil {
		return 1
	}
	c := p.lossChain()
	mean, doubled := c.mean(), netemCorrelated(p.Duplicate, p.Netem.Duplicate, coarseCells).Mean
	if mean == 0 {
		return 1
	}
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
	return next.stationary(c.states).dot(c.loses) / mean
}
