package lossy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// NetemCompat has a link decide as Linux's netem does, faults included, with the
// profile's Loss or LossModel, Duplicate, Corrupt, Reorder, ReorderGap, Delay,
// Jitter and Distribution as its parameters:
//
//   - Numbers are of 32 bits, and a correlation is netem's mixture, which
//     changes the rates: NetemCorrelated says to what.
//   - The order is that of netem_enqueue: duplicate, loss, corrupt, limit,
//     reorder and delay. A packet both duplicated and lost arrives once. The copy
//     of one that is only duplicated passes the rest on its own, so it may be lost.
//   - A datagram is dropped (CauseQueue) when Limit others are on their way.
//   - Jitter may exceed Delay: what would leave before it came leaves at once. It
//     ends at 2^31-1 ns, about 2.1 s.
//
// Jitter reorders in netem, unless it has a rate; that is for JitterReorder here.
//
// It repeats with the seed, as netem does not. Three things differ: a copy that
// remains has the damage and the delay of its original; what the limit drops has
// been drawn a delay; the other conditions of the profile, such as a queue, act
// as ever. The zero value is off.
type NetemCompat struct {
	On    bool
	Limit int // datagrams under way, queued ones included; 0 = no limit
	// Correlations of successive draws, 0 to 1.
	Duplicate, Corrupt, Reorder, Delay float64
}

// MaxNetemLimit is the largest NetemCompat.Limit.
const MaxNetemLimit = 1 << 20

// String is what ParseNetemCompat reads.
func (n NetemCompat) String() string {
	if !n.On {
		return "off"
	}
	var parts []string
	if n.Limit > 0 {
		parts = append(parts, fmt.Sprintf("limit=%d", n.Limit))
	}
	for _, c := range n.correlations() {
		if c.value > 0 {
			parts = append(parts, c.name+"="+FormatProbability(c.value))
		}
	}
	if len(parts) == 0 {
		return "on"
	}
	return "on:" + strings.Join(parts, ",")
}

func (n NetemCompat) correlations() []namedProbability {
	return []namedProbability{{"duplicate", n.Duplicate}, {"corrupt", n.Corrupt}, {"reorder", n.Reorder}, {"delay", n.Delay}}
}

// ParseNetemCompat reads "off", "on", or "on" with a limit and correlations,
// such as on:limit=1000,duplicate=25%,delay=10%.
func ParseNetemCompat(text string) (NetemCompat, error) {
	t := parseTerms(text)
	n := NetemCompat{On: t.name == "on"}
	if t.name != "on" && t.name != "off" {
		return n, fmt.Errorf("%q is no way to replay netem: write off, on or on:limit=1000,delay=25%%", text)
	}
	if n.On {
		n.Limit = read(t, "limit", 0, parseInt)
		n.Duplicate = read(t, "duplicate", 0, ParseProbability)
		n.Corrupt = read(t, "corrupt", 0, ParseProbability)
		n.Reorder = read(t, "reorder", 0, ParseProbability)
		n.Delay = read(t, "delay", 0, ParseProbability)
	}
	return n, t.done()
}

// validateNetem checks what the replay cannot do.
func (p *Profile) validateNetem() error {
	n := p.Netem
	if !n.On {
		if n != (NetemCompat{}) {
			return errors.New("netem-compat: is off, so leave its limit and correlations at 0")
		}
		return nil
	}
	if n.Limit < 0 || n.Limit > MaxNetemLimit {
		return fmt.Errorf("netem-compat limit %d: must be between 1 and %d packets, or 0 for none", n.Limit, MaxNetemLimit)
	}
	if err := checkProbabilities(n.correlations()...); err != nil {
		return fmt.Errorf("netem-compat %w", err)
	}
	if p.LossBurstCap > 0 {
		return errors.New("loss-burst-cap: netem has none, so leave it at 0 beside netem-compat")
	}
	if p.Reorder > 0 && p.ReorderGap == 0 {
		return errors.New("reorder: netem reorders by sending at once, so netem-compat needs reorder-gap; 1 is netem's default")
	}
	if _, known := netemSamples(p.Distribution); !known {
		return fmt.Errorf("delay-distribution %v: netem takes delays from a table, so netem-compat needs netem-normal, netem-pareto, netem-paretonormal, table:FILE or uniform",
			p.Distribution)
	}
	return nil
}

// netemSamples is the table of a law, "" for the uniform one.
func netemSamples(d Distribution) (samples string, known bool) {
	switch d := d.(type) {
	case nil:
		return "", true
	case NetemTable:
		return d.samples, true
	case DelayTable:
		return d.samples, true
	}
	return "", false
}

// Warnings tells what the profile does that its figures do not say, a sentence
// each: where netem's arithmetic is replayed, the true rates.
func (p Profile) Warnings() []string {
	var list []string
	tell := func(what string, asked, correlation, really float64) {
		if correlation > 0 && asked > 0 {
			list = append(list, fmt.Sprintf("netem's %s %s %s really %s", what, formatProbability(asked),
				formatProbability(correlation), trueRate(what, really)))
		}
	}
	if m, is := p.LossModel.(NetemLoss); is {
		tell("loss", m.p, m.correlation, m.mean)
	}
	if n := p.Netem; n.On {
		// The coarse grid is exact enough for three digits, and who asks may hold a lock.
		tell("duplicate", p.Duplicate, n.Duplicate, netemCorrelated(p.Duplicate, n.Duplicate, coarseCells).Mean)
		tell("corrupt", p.Corrupt, n.Corrupt, netemCorrelated(p.Corrupt, n.Corrupt, coarseCells).Mean)
		tell("reorder", p.Reorder, n.Reorder, p.gapped(netemCorrelated(p.Reorder, n.Reorder, coarseCells)).Mean)
	}
	return list
}

// Warnings is that of both profiles, each sentence with its direction if it is
// not of both.
func (c Config) Warnings() []string {
	up, down := c.Up.Warnings(), c.Down.Warnings()
	if slices.Equal(up, down) {
		return up
	}
	var list []string
	for _, w := range up {
		list = append(list, "up: "+w)
	}
	for _, w := range down {
		list = append(list, "down: "+w)
	}
	return list
}

func trueRate(what string, rate float64) string {
	verb := map[string]string{"loss": "loses", "duplicate": "duplicates", "corrupt": "damages", "reorder": "sends at once"}[what]
	if rate < 1e-5 {
		return verb + " less than 0.001%"
	}
	return fmt.Sprintf("%s %.3g%%", verb, rate*100)
}

// gapped is a rate of packets sent at once under the profile's gap.
func (p *Profile) gapped(r NetemRate) NetemRate {
	if p.ReorderGap > 1 {
		r.Mean /= 1 + float64(p.ReorderGap-1)*r.Mean
	}
	return r
}
