package scenario

import (
	"math"
	"time"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// shape is the way of a setting over time.
type shape int

const (
	ramp shape = iota // from one value to another
	geometricRamp
	sine // waves between two, which begin at the low one
	saw
	square
	triangle
)

var waves = map[string]shape{"sine": sine, "saw": saw, "square": square, "triangle": triangle}

// track is one setting of one direction that moves while a step holds.
type track struct {
	direction lossy.Direction
	field     *settings.Field
	path      string // within its step, "ramp.down.rate"
	shape     shape

	from, to float64 // of a wave the low and the high value
	current  bool    // a ramp begins with the value there is
	period   time.Duration
	edge     time.Duration // a period in which the wave has an edge that no grid may miss, 0 = none
}

// edges is how many of them there are in a period.
func (t *track) edges() int {
	if t.shape == saw {
		return 1
	}
	return 2
}

// nextEdge is when the wave turns or jumps next: at the begin of a period, and,
// unless it is a saw, in the middle.
func (t *track) nextEdge(offset time.Duration) time.Duration {
	begin := offset / t.period * t.period
	if middle := begin + t.period/2; t.edges() == 2 && offset < middle {
		return middle
	}
	return begin + t.period
}

// at is the value at a time since the step began, of a step that holds for so
// long. from is where a ramp begins. It is computed from the time alone, so that
// nothing adds up.
func (t *track) at(offset, hold time.Duration, from float64) float64 {
	switch t.shape {
	case ramp:
		return t.field.Between(from, t.to, share(offset, hold))
	case geometricRamp:
		return t.field.BetweenRatios(from, t.to, share(offset, hold))
	}
	phase := offset % t.period
	x := share(phase, t.period)
	switch t.shape {
	case sine:
		x = (1 - math.Cos(2*math.Pi*x)) / 2
	case square:
		x = 0
		if phase >= t.period/2 {
			x = 1
		}
	case triangle:
		if phase >= t.period/2 {
			phase = t.period - phase
		}
		x = min(share(phase, t.period/2), 1)
	case saw:
	default:
		panic("BUG: a track of no shape")
	}
	return t.field.Between(t.from, t.to, x)
}

// share is which part of the whole has passed, exactly 1 at its end.
func share(part, whole time.Duration) float64 {
	if part >= whole {
		return 1
	}
	return float64(part) / float64(whole)
}
