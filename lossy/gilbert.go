package lossy

// gilbert is Gilbert-Elliott loss with h = 1 and k = 0: a chain of two states
// that loses every packet while it is bad and none while it is good.
//
//	         p
//	   ┌───────────▶┐
//	good            bad     one draw for each packet, after its fate
//	   └◀───────────┘
//	         r
//
// Users give the mean loss L and the mean burst B, from which
//
//	r = 1/B,   p = L*r/(1-L),   so that p/(p+r) = L
//
// (Hasslinger and Hohlfeld, The Gilbert-Elliott model for packet loss in real
// time services on the Internet, 2008). The first state is drawn from the
// stationary distribution, so the mean is L from the first packet on.
type gilbert struct {
	start, moves stream
	mean         float64 // L
	enter, leave float64 // p and r
	begun, bad   bool
}

// set changes the parameters; the chain stays in the state it is in.
func (g *gilbert) set(mean, burst float64) {
	g.mean = mean
	g.leave = 1 / burst
	g.enter = mean * g.leave / (1 - mean)
}

// takes must be called once for each packet, in order: the state at a packet
// is a function of all draws before it.
func (g *gilbert) takes(index uint64) bool {
	if !g.begun {
		g.begun, g.bad = true, g.start.hits(index, g.mean)
	}
	lost := g.bad
	if g.bad {
		g.bad = !g.moves.hits(index, g.leave)
	} else {
		g.bad = g.moves.hits(index, g.enter)
	}
	return lost
}

func (g *gilbert) odds() expectation { return inBursts(g.mean, g.inflation()) }

func (g *gilbert) again() float64 { return certain(g.bad).probability }

// inflation is how much wider the variance of the observed mean is than that
// of independent losses: (1+lambda)/(1-lambda) with lambda = 1-p-r. A
// confidence interval that forgets it is too narrow by the square root.
func (g *gilbert) inflation() float64 {
	lambda := 1 - g.enter - g.leave
	return (1 + lambda) / (1 - lambda)
}
