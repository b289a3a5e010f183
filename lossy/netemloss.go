package lossy

import "fmt"

// NetemLoss is netem's `loss P CORRELATION` with its fault: each packet is lost
// if a correlated draw (get_crandom) is not above P, and as those draws are not
// uniform, far fewer are lost than P says, where P is small: 0.19 % of 5 % with
// a correlation of 25 %. Mean has the true rate. For losses that are correlated
// and as many as asked for take CorrelatedLoss. Make one with NewNetemLoss or
// ParseLossModel.
type NetemLoss struct {
	p, correlation float64
	mean           float64 // what follows from them; work, so it is done once
}

// NewNetemLoss returns the model, or what is wrong with its parameters, both of
// which lie between 0 and 1.
func NewNetemLoss(p, correlation float64) (NetemLoss, error) {
	err := checkProbabilities(namedProbability{"p", p}, namedProbability{"correlation", correlation})
	if err != nil {
		return NetemLoss{}, err
	}
	return NetemLoss{p, correlation, NetemCorrelated(p, correlation).Mean}, nil
}

func parseNetemLoss(t *terms) LossModel {
	p := require(t, "p", ParseProbability)
	correlation := read(t, "correlation", 0, ParseProbability)
	m, err := NewNetemLoss(p, correlation)
	if err != nil {
		t.fail("%w", err)
	}
	return m
}

// P is the loss that was asked for, and Correlation that of two draws.
func (n NetemLoss) P() float64           { return n.p }
func (n NetemLoss) Correlation() float64 { return n.correlation }

// Mean is the share of packets that is really lost in the long run.
func (n NetemLoss) Mean() float64 { return n.mean }

// String is the model as ParseLossModel reads it.
func (n NetemLoss) String() string {
	if n.correlation == 0 {
		return "netem:p=" + FormatProbability(n.p)
	}
	return fmt.Sprintf("netem:p=%s,correlation=%s", FormatProbability(n.p), FormatProbability(n.correlation))
}

func (n NetemLoss) validate() error {
	return checkProbabilities(namedProbability{"p", n.p}, namedProbability{"correlation", n.correlation})
}

func (n NetemLoss) start(of streams, before lossProcess) lossProcess {
	l := &netemLoss{share: netemShare(n.p)}
	if b, same := before.(*netemLoss); same {
		l.random = b.random
	}
	l.random.draws = of(drawNetemLoss)
	l.random.set(n.correlation)
	return l
}

type netemLoss struct {
	random  crandom
	share   uint32
	expects expectation
}

func (l *netemLoss) takes(index uint64) bool {
	l.expects = chance(l.again())
	return l.random.hits(index, l.share)
}

func (l *netemLoss) odds() expectation { return l.expects }

func (l *netemLoss) again() float64 { return l.random.chance(l.share) }
