package lossy

import "math"

// crandom is netem's correlated generator (sch_netem.c, get_crandom), which
// mixes each 32-bit draw with the number before:
//
//	x(i) = (u(i)*(2^32-rho) + x(i-1)*rho) / 2^32, rounded down
//
// A sum of uniform numbers is not uniform. The x(i) crowd around the middle,
// their standard deviation is sqrt((1-c)/(1+c)) of a uniform one's for a
// correlation of c, and small numbers, by which netem decides what is lost,
// hardly occur any more. That is reproduced here, not repaired.
//
// The draws are those of our own stream, by the packet's index, so that a replay
// repeats. What came before is the state of a flow, as in netem. It starts from
// a uniform draw.
type crandom struct {
	draws stream
	rho   uint64 // as tc sends it: the correlation of 2^32-1; 0 = none
	last  uint64
	begun bool
}

// set changes the correlation. The state stays, unless there was none.
func (c *crandom) set(correlation float64) {
	c.rho = uint64(netemShare(correlation))
	c.begun = c.begun && c.rho > 0
}

// next is get_crandom.
func (c *crandom) next(index uint64) uint32 {
	value := c.draws.at(index) >> 32
	if c.rho == 0 {
		return uint32(value)
	}
	c.begin()
	rho := c.rho + 1
	c.last = (value*(1<<32-rho) + c.last*rho) >> 32 // at most (2^32-1)*2^32
	return uint32(c.last)
}

func (c *crandom) begin() {
	if !c.begun {
		c.begun, c.last = true, c.draws.at(math.MaxUint64)>>32
	}
}

// chance is how likely the next draw is to hit, after those before it.
func (c *crandom) chance(share uint32) float64 {
	if share == 0 {
		return 0
	}
	below, width := float64(share)+1, float64(1<<32)
	if c.rho > 0 {
		c.begin()
		held := float64(c.rho+1) / (1 << 32)
		below -= float64(held * float64(c.last))
		width -= float64(c.rho + 1)
	}
	switch {
	case below >= width:
		return 1
	case below <= 0:
		return 0
	}
	return below / width
}

// hits is netem's comparison, which includes equality; a share of nothing draws
// nothing.
func (c *crandom) hits(index uint64, share uint32) bool {
	return share > 0 && share >= c.next(index)
}

// netemShare is a probability as tc sends it to the kernel: of 2^32-1, rounded.
func netemShare(p float64) uint32 { return uint32(math.RoundToEven(p * math.MaxUint32)) }
