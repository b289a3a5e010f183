package lossy

import (
	"errors"
	"fmt"
)

// FourState is netem's `loss state` (Salsano, Ludovici, Ordine, Giannuzzi:
// Definition of a general and intuitive loss model for packet networks, 2012).
// A packet has the fate of the state it meets; then the chain moves.
//
//	1 kept, in a gap        2 kept, within a burst
//	4 lost, alone           3 lost, in a burst
//
//	      p13          p32
//	  1 ───────▶ 3 ─────────▶ 2        4 always goes back to 1
//	  │ ◀─────── │ ◀───────── │        what is left of 1 is staying
//	  │   p31        p23
//	  └──p14──▶ 4
//
// It starts in its stationary distribution. Mean loss: pi3 + pi4, with
// pi2 = pi3*P32/P23, pi1 = pi3*P31/P13, pi4 = P14*pi1, and the sum 1.
type FourState struct {
	P13, P31, P32, P23, P14 float64
}

// The defaults are netem's: with P13 alone, losses are independent.
func parseFourState(t *terms) LossModel {
	p13 := require(t, "p13", ParseProbability)
	return FourState{
		P13: p13, P31: read(t, "p31", 1-p13, ParseProbability), P32: read(t, "p32", 0, ParseProbability),
		P23: read(t, "p23", 1, ParseProbability), P14: read(t, "p14", 0, ParseProbability),
	}
}

// String is the model as ParseLossModel reads it.
func (f FourState) String() string {
	return fmt.Sprintf("four-state:p13=%s,p31=%s,p32=%s,p23=%s,p14=%s", FormatProbability(f.P13),
		FormatProbability(f.P31), FormatProbability(f.P32), FormatProbability(f.P23), FormatProbability(f.P14))
}

func (f FourState) validate() error {
	err := checkProbabilities(namedProbability{"p13", f.P13}, namedProbability{"p31", f.P31},
		namedProbability{"p32", f.P32}, namedProbability{"p23", f.P23}, namedProbability{"p14", f.P14})
	switch {
	case err != nil:
		return err
	case f.P13+f.P14 > 1+1e-12:
		return fmt.Errorf("p13 + p14 is %s: the ways out of state 1 may not exceed 100%%", formatProbability(f.P13+f.P14))
	case f.P31+f.P32 > 1+1e-12:
		return fmt.Errorf("p31 + p32 is %s: the ways out of state 3 may not exceed 100%%", formatProbability(f.P31+f.P32))
	case f.P31 == 0:
		return errors.New("p31 is 0: a burst would never end")
	case f.P23 == 0:
		return errors.New("p23 is 0: the chain would stay in state 2 for ever")
	}
	return nil
}

func (f FourState) start(of streams, before lossProcess) lossProcess {
	s := &fourState{first: of(drawStateStart), moves: of(drawStateMove)}
	if b, same := before.(*fourState); same {
		s.state = b.state
	}
	s.retune(f)
	return s
}

// chain has state 1 first.
func (f FourState) chain() chain {
	return chain{
		states: 4,
		moves: matrix{
			{1 - f.P13 - f.P14, 0, f.P13, f.P14},
			{0, 1 - f.P23, f.P23, 0},
			{f.P31, f.P32, 1 - f.P31 - f.P32, 0},
			{1, 0, 0, 0},
		},
		loses: vector{0, 0, 1, 1},
	}
}

// GilbertIntuitive is FourState by what one can measure, the same authors' GI
// model. With rho = Density,
//
//	P14 = Isolated/(1-Isolated)   P31 = 1/(Burst*rho)   P23 = 1/Gap   P32 = (1-rho)/(rho*Gap)
//	P13 = (Loss-Isolated) / (Burst*(1-Isolated)*(rho-Loss))
type GilbertIntuitive struct {
	Loss     float64 // mean loss of all packets
	Burst    float64 // mean length of a burst in packets, those kept within it included, >= 1
	Density  float64 // share of a burst that is lost
	Isolated float64 // losses that are alone, as a share of the packets outside bursts
	Gap      float64 // mean run of packets kept within a burst, >= 1
}

func parseGilbertIntuitive(t *terms) LossModel {
	return GilbertIntuitive{
		Loss: require(t, "loss", ParseProbability), Burst: require(t, "burst", parseFloat),
		Density: read(t, "density", 1, ParseProbability), Isolated: read(t, "isolated", 0, ParseProbability),
		Gap: read(t, "gap", 1, parseFloat),
	}
}

// String is the model as ParseLossModel reads it.
func (g GilbertIntuitive) String() string {
	return fmt.Sprintf("gi:loss=%s,burst=%s,density=%s,isolated=%s,gap=%s", FormatProbability(g.Loss),
		formatFloat(g.Burst), FormatProbability(g.Density), FormatProbability(g.Isolated), formatFloat(g.Gap))
}

func (g GilbertIntuitive) validate() error {
	err := checkProbabilities(namedProbability{"loss", g.Loss},
		namedProbability{"density", g.Density}, namedProbability{"isolated", g.Isolated})
	switch {
	case err != nil:
		return err
	case !(g.Burst >= 1 && g.Burst <= MaxBurst):
		return fmt.Errorf("burst %v: must be between 1 and %d packets", g.Burst, int(MaxBurst))
	case !(g.Gap >= 1 && g.Gap <= MaxBurst):
		return fmt.Errorf("gap %v: must be between 1 and %d packets", g.Gap, int(MaxBurst))
	case !(g.Isolated <= g.Loss && g.Loss < g.Density):
		return fmt.Errorf("loss %s: must lie between the isolated losses (%s) and the density of bursts (%s)",
			FormatProbability(g.Loss), FormatProbability(g.Isolated), FormatProbability(g.Density))
	case g.Burst*g.Density < 1:
		return fmt.Errorf("burst %v of density %s: loses less than one packet of a burst", g.Burst, FormatProbability(g.Density))
	}
	if err := g.fourState().validate(); err != nil {
		return fmt.Errorf("no chain has these parameters (%v): %w", g.fourState(), err)
	}
	return nil
}

func (g GilbertIntuitive) fourState() FourState {
	return FourState{
		P13: (g.Loss - g.Isolated) / (g.Burst * (1 - g.Isolated) * (g.Density - g.Loss)),
		P31: 1 / (g.Burst * g.Density),
		P32: (1 - g.Density) / (g.Density * g.Gap),
		P23: 1 / g.Gap,
		P14: g.Isolated / (1 - g.Isolated),
	}
}

func (g GilbertIntuitive) start(of streams, before lossProcess) lossProcess {
	return g.fourState().start(of, before)
}

func (g GilbertIntuitive) chain() chain { return g.fourState().chain() }

type fourState struct {
	first, moves stream
	model        FourState
	state        int // 1 to 4, 0 before the first packet
	starts       [3]float64
	expects      expectation
}

func (s *fourState) retune(f FourState) {
	c := f.chain()
	pi := c.stationary()
	s.model = f
	s.starts = [3]float64{pi[0], pi[0] + pi[1], pi[0] + pi[1] + pi[2]}
	s.expects = inBursts(c.mean(), c.inflation())
}

func (s *fourState) takes(index uint64) bool {
	if s.state == 0 {
		s.state = 1
		for u := s.first.unit(index); s.state < 4 && u >= s.starts[s.state-1]; {
			s.state++
		}
	}
	met := s.state
	s.state = s.model.next(met, s.moves.unit(index))
	return met >= 3
}

// next is the state after s for a number u from 0 up to 1. Every number leads
// somewhere: of ranges that end where the next begins, one end belongs to each.
func (f *FourState) next(s int, u float64) int {
	switch s {
	case 1:
		switch {
		case u < f.P14:
			return 4
		case u < f.P14+f.P13:
			return 3
		}
		return 1
	case 2:
		if u < f.P23 {
			return 3
		}
		return 2
	case 3:
		switch {
		case u < f.P32:
			return 2
		case u < f.P32+f.P31:
			return 1
		}
		return 3
	case 4:
		return 1
	}
	panic("BUG: no such state")
}

func (s *fourState) odds() expectation { return s.expects }

func (s *fourState) again() float64 { return certain(s.state >= 3).probability }
