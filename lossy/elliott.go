package lossy

import (
	"errors"
	"fmt"
)

// GilbertElliott loses packets by a chain of two states (netem's gemodel, E. O.
// Elliott, 1963). A packet is lost with the probability of the state it meets;
// then the chain moves. It starts in its stationary distribution. With pi the
// share of packets that meet the bad state and lambda = 1-P-R,
//
//	pi = P/(P+R)      mean loss L = Bad*pi + Good*(1-pi)
//	mean run of losses  L / (L - L^2 - (Bad-Good)^2 * pi*(1-pi)*lambda)
//	variance of the mean of n  [L(1-L) + 2(Bad-Good)^2 * pi*(1-pi)*lambda/(1-lambda)] / n
//
// Profile.Burst is the case of Bad = 1, Good = 0, by mean loss and mean burst. It
// draws from other streams: the same seed does not lose the same packets.
type GilbertElliott struct {
	P, R      float64 // good to bad and bad to good, for each packet; not both 0
	Bad, Good float64 // loss in the bad state (netem's 1-h) and in the good one (1-k)
}

func parseGilbertElliott(t *terms) LossModel {
	return GilbertElliott{
		P: require(t, "p", ParseProbability), R: require(t, "r", ParseProbability),
		Bad: read(t, "bad", 1, ParseProbability), Good: read(t, "good", 0, ParseProbability),
	}
}

// String is the model as ParseLossModel reads it.
func (g GilbertElliott) String() string {
	return fmt.Sprintf("gilbert-elliott:p=%s,r=%s,bad=%s,good=%s",
		FormatProbability(g.P), FormatProbability(g.R), FormatProbability(g.Bad), FormatProbability(g.Good))
}

func (g GilbertElliott) validate() error {
	if g.P == 0 && g.R == 0 {
		return errors.New("p and r are both 0: the chain would never move")
	}
	return checkProbabilities(namedProbability{"p", g.P}, namedProbability{"r", g.R},
		namedProbability{"bad", g.Bad}, namedProbability{"good", g.Good})
}

func (g GilbertElliott) start(of streams, before lossProcess) lossProcess {
	e := &elliott{model: g, first: of(drawElliottStart), moves: of(drawElliottMove), fates: of(drawElliottLoss)}
	if b, same := before.(*elliott); same {
		e.begun, e.bad = b.begun, b.bad
	}
	c := g.chain()
	e.expects = inBursts(c.mean(), c.inflation())
	return e
}

// chain has the good state first.
func (g GilbertElliott) chain() chain {
	return chain{
		states: 2,
		moves:  matrix{{1 - g.P, g.P}, {g.R, 1 - g.R}},
		loses:  vector{g.Good, g.Bad},
	}
}

type elliott struct {
	model               GilbertElliott
	first, moves, fates stream
	begun, bad          bool
	expects             expectation
}

func (e *elliott) takes(index uint64) bool {
	if !e.begun {
		e.begun, e.bad = true, e.first.hits(index, e.model.P/(e.model.P+e.model.R))
	}
	// The state that the packet meets decides, and moves only then.
	loss, leave := e.model.Good, e.model.P
	if e.bad {
		loss, leave = e.model.Bad, e.model.R
	}
	if e.moves.hits(index, leave) {
		e.bad = !e.bad
	}
	return loss > 0 && (loss >= 1 || e.fates.hits(index, loss))
}

func (e *elliott) odds() expectation { return e.expects }

func (e *elliott) again() float64 {
	if e.bad {
		return e.model.Bad
	}
	return e.model.Good
}
