package lossy

import (
	"encoding/binary"
	"math"
)

// NetemTable is one of the distribution tables that come with tc: 4096 samples,
// computed here by the formulas of iproute2's generators, number by number. As
// the samples are 16 bits wide and of 1/8192 of Jitter, no delay is above Delay
// + 4 Jitter, and Jitter is not the standard deviation: that is 1.000 of it for
// normal, 0.820 for pareto, 0.834 for paretonormal. NormalDelay, ParetoDelay and
// ParetoNormalDelay are the laws without these faults. Make one with
// ParseDistribution.
type NetemTable struct {
	law      string
	samples  string // as in DelayTable
	promises tableMoments
}

const netemTableSize = 4096

func netemTable(law string) NetemTable {
	samples := make([]byte, 0, 2*netemTableSize)
	for i := range netemTableSize {
		normal, pareto := normalSample(i), paretoSample(i)
		value := normal
		switch law {
		case "netem-pareto":
			value = pareto
		case "netem-paretonormal":
			value = (normal + 3*pareto) / 4
		}
		value = min(max(value, math.MinInt16), math.MaxInt16)
		samples = binary.BigEndian.AppendUint16(samples, uint16(value))
	}
	return NetemTable{law, string(samples), momentsOfTable(samples)}
}

// normalSample is the largest number on a grid of 0.00005 whose probability
// rounds to 4i of 16384, in units of 1/8192.
func normalSample(i int) int {
	const steps = 20000
	x := normalQuantile((float64(4*i) + 0.5) / 16384)
	return int(math.RoundToEven(math.Floor(float64(x*steps)) / steps * tableScale))
}

// paretoSample is of shape 3, of which a standard deviation was taken for 3/4
// and not for its square root.
func paretoSample(i int) int {
	left := float64(65536-16*i) / 65536
	x := (exponential(-logarithm(left)/3) - 1.5) * (4.0 / 3 * tableScale)
	return int(math.RoundToEven(min(x, math.MaxInt16)))
}

// String is the law as ParseDistribution reads it.
func (d NetemTable) String() string { return d.law }

func (d NetemTable) validate(p *Profile) error { return DelayTable{samples: d.samples}.validate(p) }

func (d NetemTable) start(p *Profile, of streams) delayLaw {
	return &tableDelay{of(drawTable), d.samples, p.Delay, p.Jitter}
}
