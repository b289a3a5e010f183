package lossy

import (
	"fmt"
	"strings"
)

// String describes the profile in the words of the flags: "loss 5% burst 4,
// delay 40ms jitter 10ms", or "perfect".
func (p Profile) String() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if p.Blackout != (Blackout{}) {
		add("blackout %v", p.Blackout)
	}
	if p.MTU > 0 {
		add("mtu %d", p.MTU)
	}
	if p.Drop != (Rules{}) {
		add("drop %v", p.Drop)
	}
	switch {
	case p.LossModel != nil:
		add("loss %s%s%s", shortened(p.LossModel.String()), p.capped(), p.where())
	case p.Loss > 0 && p.bursty():
		add("loss %s burst %v%s%s", formatProbability(p.Loss), p.Burst, p.capped(), p.where())
	case p.Loss > 0:
		add("loss %s%s%s", formatProbability(p.Loss), p.capped(), p.where())
	}
	switch {
	case p.Distribution != nil && p.Jitter > 0:
		add("delay %v jitter %v %v%s", p.Delay, p.Jitter, p.Distribution, p.racing())
	case p.Distribution != nil:
		add("delay %v %v%s", p.Delay, p.Distribution, p.racing())
	case p.Jitter > 0:
		add("delay %v jitter %v%s", p.Delay, p.Jitter, p.racing())
	case p.Delay > 0:
		add("delay %v", p.Delay)
	}
	if p.Reorder > 0 {
		add("reorder %s %s", formatProbability(p.Reorder), p.describeReorder())
	}
	if p.Duplicate > 0 {
		add("duplicate %s%s", formatProbability(p.Duplicate), p.describeDuplicate())
	}
	if p.Corrupt > 0 && p.CorruptHow != (Damage{}) {
		add("corrupt %s %v", formatProbability(p.Corrupt), p.CorruptHow)
	} else if p.Corrupt > 0 {
		add("corrupt %s", formatProbability(p.Corrupt))
	}
	if p.Netem.On {
		add("netem-compat %v", p.Netem)
	}
	if p.SharedModel && len(parts) > 0 {
		add("shared model")
	}
	if bottleneck := p.describeBottleneck(); bottleneck != "" {
		parts = append(parts, bottleneck)
	}
	if len(parts) == 0 {
		return "perfect"
	}
	return strings.Join(parts, ", ")
}

// racing and where are what String says of the two switches.
func (p Profile) racing() string {
	if p.JitterReorder {
		return " reordering"
	}
	return ""
}

// shortened is for models that list much.
func shortened(text string) string {
	const most = 100
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}

func (p Profile) capped() string {
	if p.LossBurstCap > 0 {
		return fmt.Sprintf(" at most %d in a row", p.LossBurstCap)
	}
	return ""
}

func (p Profile) where() string {
	if p.LossAfterQueue {
		return " after the queue"
	}
	return ""
}

// describeBottleneck is what String says of policer, queue and link.
func (p *Profile) describeBottleneck() string {
	var parts []string
	if p.Policer != (Policer{}) {
		parts = append(parts, "policer "+p.Policer.String())
	}
	switch {
	case p.LinkTrace != nil:
		parts = append(parts, fmt.Sprintf("link trace %v%s", p.LinkTrace, p.describeQueue()))
	case p.Rate > 0:
		parts = append(parts, fmt.Sprintf("rate %s%s", FormatRate(p.Rate), p.describeQueue()))
	}
	if len(parts) == 0 {
		return ""
	}
	text := strings.Join(parts, ", ")
	if p.Overhead > 0 {
		text += fmt.Sprintf(" overhead %d bytes", p.Overhead)
	}
	if p.SharedBottleneck {
		text += " shared"
	}
	return text
}

func (p *Profile) describeQueue() string {
	text := fmt.Sprintf(" queue %v", p.limit())
	if p.Discipline != nil {
		text += fmt.Sprintf(" %v", p.Discipline)
	}
	if p.ECN {
		text += " ecn"
	}
	return text
}
