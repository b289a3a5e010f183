package lossy

import (
	"fmt"
	"time"
)

// Policer is a token bucket without a queue: what exceeds Rate is dropped, but
// for Burst bytes at once (RFC 2697 with one bucket). The zero value is none.
// Datagrams count with Profile.Overhead.
type Policer struct {
	Rate  float64 // bits per second, MinRate to MaxRate
	Burst int     // bytes, 1 to MaxQueueBytes: the depth of the bucket, which is full at first
}

const noPolicer = "none"

// ParsePolicer reads a policer, "rate=10mbit,burst=64KiB", or "none".
func ParsePolicer(s string) (Policer, error) {
	if s == noPolicer {
		return Policer{}, nil
	}
	t := parseValues("policer", s, "rate=10mbit,burst=64KiB, or none")
	p := Policer{Rate: require(t, "rate", ParseRate), Burst: require(t, "burst", ParseSize)}
	if err := t.done(); err != nil {
		return Policer{}, err
	}
	return p, p.validate()
}

// String writes a policer as ParsePolicer reads it.
func (p Policer) String() string {
	if p == (Policer{}) {
		return noPolicer
	}
	return fmt.Sprintf("rate=%s,burst=%s", ExactRate(p.Rate), formatSize(p.Burst))
}

func (p Policer) validate() error {
	if p == (Policer{}) {
		return nil
	}
	if !(p.Rate >= MinRate && p.Rate <= MaxRate) {
		return fmt.Errorf("policer: rate %v: must be between 1kbit and 1tbit per second", p.Rate)
	}
	if p.Burst < 1 || p.Burst > MaxQueueBytes {
		return fmt.Errorf("policer: burst %d: must be between 1 and %d bytes", p.Burst, MaxQueueBytes)
	}
	return nil
}

// policer is the bucket. Its level is counted in billionths of a bit, of which
// a nanosecond brings exactly `rate`, so nothing is ever rounded. 2^30 bytes
// are 2^63 of them, nearly.
type policer struct {
	rate, depth, level uint64
	at                 time.Duration // when level was true
}

// set changes rate and depth. A bucket that was none before is full.
func (p *policer) set(of Policer) {
	was := p.depth
	p.rate, p.depth = wholeRate(of.Rate), billionths(of.Burst)
	if was == 0 {
		p.level = p.depth
	}
	p.level = min(p.level, p.depth)
}

// takes says whether the bucket has no tokens for a datagram of that size.
func (p *policer) takes(now time.Duration, size int) bool {
	if p.depth == 0 {
		return false
	}
	if passed := uint64(max(0, now-p.at)); passed > (p.depth-p.level)/p.rate {
		p.level = p.depth
	} else {
		p.level += passed * p.rate
	}
	p.at = max(p.at, now)
	need := billionths(size)
	if need > p.level {
		return true
	}
	p.level -= need
	return false
}

func billionths(bytes int) uint64 { return uint64(bytes) * 8 * 1e9 }
