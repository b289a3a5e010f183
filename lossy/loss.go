package lossy

// loss is Bernoulli loss: every packet is lost with the same probability,
// whatever happened to the others. Runs of losses then have a mean length of
// 1/(1-probability), which is more than one.
type loss struct {
	draws       stream
	probability float64
}

func (l *loss) takes(index uint64) bool { return l.draws.hits(index, l.probability) }

func (l *loss) odds() expectation { return chance(l.probability) }

func (l *loss) again() float64 { return l.probability }
