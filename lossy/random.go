package lossy

import "math/bits"

// purpose numbers what a random draw is for. Each purpose has a stream of its
// own, which is why turning one impairment on leaves the draws of the others
// where they were. The numbers are part of what a seed means: never renumber.
type purpose uint8

const (
	drawLoss       purpose = 1
	drawBurst      purpose = 2 // moves of the Gilbert-Elliott chain
	drawBurstStart purpose = 3 // its first state
	drawJitter     purpose = 4
	drawReorder    purpose = 5
	drawDuplicate  purpose = 6
	drawCorrupt    purpose = 7
	drawBit        purpose = 8 // which bit is flipped

	drawElliottStart purpose = 20 // GilbertElliott: its first state,
	drawElliottMove  purpose = 21 // its moves,
	drawElliottLoss  purpose = 22 // and the loss in a state
	drawStateStart   purpose = 23 // FourState: its first state
	drawStateMove    purpose = 24
	drawExactly      purpose = 25
	drawCorrelated   purpose = 26
	drawNormal       purpose = 27 // delays: the normal deviate,
	drawPareto       purpose = 28 // the Pareto one, three numbers a packet,
	drawTable        purpose = 29 // which sample of a table,
	drawCDF          purpose = 30 // and the place in a distribution

	drawEarly purpose = 40 // RED

	drawDamage       purpose = 60 // where and how a payload is damaged otherwise
	drawDisplacement purpose = 61 // of Profile.ReorderSpread

	drawNetemLoss      purpose = 70 // netem's correlated generators, of NetemLoss
	drawNetemDuplicate purpose = 71 // and of NetemCompat
	drawNetemCorrupt   purpose = 72
	drawNetemReorder   purpose = 73
	drawNetemDelay     purpose = 74

	drawChosen purpose = 80 // FlowChosen; the index is the name's number, not a packet's
)

// golden is 2^64 divided by the golden ratio, the step of SplitMix64 (Steele,
// Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
const golden = 0x9e3779b97f4a7c15

// stream is a counter-based generator: its n-th number is a function of the
// key and n alone, so it needs no state, no lock and no order of asking.
//
// The number is two rounds of a 64-bit mixer with a key word before each
// round. Two key words, not one, because SplitMix64 streams with one word are
// windows into the same sequence and may overlap.
type stream struct{ k0, k1 uint64 }

func newStream(seed, flow uint64, dir Direction, use purpose) stream {
	// Each lane absorbs the words one after the other, so that swapping two
	// of them, or shifting a difference from one to another, gives another key.
	lane := func(start uint64) uint64 {
		for _, word := range [...]uint64{seed, flow, uint64(dir), uint64(use)} {
			start = mix(mix(start+golden) ^ word)
		}
		return mix(start + golden)
	}
	// Digits of pi, so that nobody need wonder how they were chosen.
	return stream{k0: lane(0x243f6a8885a308d3), k1: lane(0x13198a2e03707344)}
}

// at returns the stream's number for one packet.
func (s stream) at(index uint64) uint64 {
	return mix(mix(index*golden+s.k0) ^ s.k1)
}

// hits says whether an event of probability p happens to the packet. It is
// exact to 2^-53, never happens for 0 and always for 1.
func (s stream) hits(index uint64, p float64) bool {
	return p >= 1 || s.unit(index) < p
}

// unit returns one of 2^53 evenly spaced numbers from 0 to below 1.
func (s stream) unit(index uint64) float64 { return float64(s.at(index)>>11) * 0x1p-53 }

// open returns one of 2^52 evenly spaced numbers between 0 and 1, neither of
// which it is ever.
func (s stream) open(index uint64) float64 { return opened(s.at(index)) }

// opened is what open makes of a draw. The larger draw is never the smaller
// number.
func opened(draw uint64) float64 { return (float64(draw>>12) + 0.5) * 0x1p-52 }

// below returns a whole number from 0 to n-1; the excess of any value over
// another is at most n/2^64.
func (s stream) below(index, n uint64) uint64 {
	hi, _ := bits.Mul64(s.at(index), n)
	return hi
}

// mix is the finalizer of SplitMix64: Stafford's variant 13 of MurmurHash3's.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
