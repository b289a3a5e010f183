package lossy

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawQueue draws a bottleneck that the reference knows: it measures time by a
// rate only.
func drawQueue(t *rapid.T) Profile {
	p := Profile{SharedBottleneck: true}
	drawBottleneck(t, &p)
	if p.Rate == 0 && p.LinkTrace == nil {
		p.Rate = 8e6
	}
	// Rates of which a byte takes whole nanoseconds make arrivals and
	// departures coincide.
	if p.LinkTrace == nil && rapid.Bool().Draw(t, "round") {
		p.Rate = rapid.SampledFrom([]float64{64e3, 8e6, 1e9}).Draw(t, "round rate")
	}
	if p.LinkTrace != nil {
		p.Queue = 0
	}
	switch d := p.Discipline.(type) {
	case CoDel:
		d.Interval = time.Duration(rapid.IntRange(1, 3e7).Draw(t, "interval"))
		d.Target = time.Duration(rapid.IntRange(1, int(d.Interval)).Draw(t, "target"))
		p.Discipline = d
	case RED:
		d.Probability = rapid.Float64Range(0.001, 1).Draw(t, "p")
		d.Weight = rapid.Float64Range(0.0001, 1).Draw(t, "weight")
		p.Discipline = d
	}
	p.SharedBottleneck = true
	return p
}

// Whatever the queue, and whatever comes in on however many flows, each datagram
// fares as in the reference. Longer: -rapid.checks=100000.
func TestAnyQueueDoesWhatTheReferenceDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawQueue(t)
		seed, flows := rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 3).Draw(t, "flows")
		rate := p.meanRate()
		sizes := rapid.SampledFrom([]int{0, 0, 100, 500, 1472, 4000})
		gaps := rapid.SampledFrom([]int{0, 0, 1, 1, 2, 5, 40}) // in transmissions of 500 bytes
		var load []arriving
		var now time.Duration
		for range rapid.IntRange(1, 200).Draw(t, "arrivals") {
			load = append(load, arriving{
				arrival: arrival{now, sizes.Draw(t, "size")},
				flow:    rapid.IntRange(0, flows-1).Draw(t, "flow"), mark: ECN(rapid.IntRange(0, 3).Draw(t, "mark")),
			})
			now += time.Duration(float64(gaps.Draw(t, "gap")) * 500 * 8e9 / rate)
		}
		got, err := observed(p, seed, flows, load)
		if err != nil {
			t.Fatal(err)
		}
		if want := refer(p, seed, load, noBug); !slices.Equal(got, want) {
			t.Fatal(alike(got, want).wrong)
		}
	})
}
