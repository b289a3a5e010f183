package lossy

import (
	"slices"
	"strings"
)

// Inert is a setting that does nothing for want of another.
type Inert struct {
	Way     string   // "up" or "down" if it is so in one direction alone, else ""
	Setting string   // as flags and the API call it
	Needs   []string // settings of which any would give it something to act on
}

// String is a sentence about it: "queue has no effect without rate or link-trace".
func (i Inert) String() string { return i.Text("") }

// Text is String with a prefix before the names, such as the -- of flags.
func (i Inert) Text(prefix string) string {
	var b strings.Builder
	if i.Way != "" {
		b.WriteString(i.Way + ": ")
	}
	b.WriteString(prefix + i.Setting + " has no effect without ")
	for at, name := range i.Needs {
		switch {
		case at == 0:
		case at == len(i.Needs)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(prefix + name)
	}
	return b.String()
}

// Inert lists the settings that are set and do nothing, in the order of the fields
// of settings. That is no fault: what they act on may be set later.
func (p Profile) Inert() (list []Inert) {
	note := func(set, acts bool, setting string, needs ...string) {
		if set && !acts {
			list = append(list, Inert{Setting: setting, Needs: needs})
		}
	}
	loses := p.Loss > 0 || p.LossModel != nil
	draws := loses || p.Jitter > 0 || p.Distribution != nil || p.Duplicate > 0 || p.Corrupt > 0 || p.Reorder > 0
	links := p.Rate > 0 || p.LinkTrace != nil
	narrow := links || p.Policer != (Policer{})
	note(p.Burst > 1, p.Loss > 0, "burst", "loss")
	note(p.LossBurstCap > 0, loses, "loss-burst-cap", "loss", "loss-model")
	note(p.Distribution != nil, p.Jitter > 0 || hasDelays(p.Distribution), "delay-distribution", "jitter")
	note(p.Netem == NetemCompat{On: true}, draws || p.Delay > 0,
		"netem-compat", "loss", "delay", "duplicate", "corrupt", "reorder")
	note(p.JitterReorder, p.Jitter > 0 || hasDelays(p.Distribution), "jitter-reorder", "jitter")
	note(p.ReorderBy > 0 || p.ReorderSpread != Displacement{}, p.Reorder > 0, "reorder-by", "reorder")
	note(p.ReorderFor > 0, p.Reorder > 0, "reorder-hold", "reorder")
	note(p.ReorderGap > 0, p.Reorder > 0, "reorder-gap", "reorder")
	note(p.DuplicateCopies > 0, p.Duplicate > 0, "duplicate-copies", "duplicate")
	note(p.DuplicateDelay > 0, p.Duplicate > 0, "duplicate-delay", "duplicate")
	note(p.CorruptHow != Damage{}, p.Corrupt > 0, "corrupt-how", "corrupt")
	note(p.Overhead > 0, narrow, "overhead", "rate", "link-trace", "policer")
	note(p.Queue > 0 || p.QueuePackets > 0 || p.QueueBytes > 0, links, "queue", "rate", "link-trace")
	note(p.Discipline != nil, links, "queue-discipline", "rate", "link-trace")
	if links {
		note(p.ECN, isAQM(p.Discipline), "ecn", "queue-discipline codel", "queue-discipline red")
	} else {
		note(p.ECN, false, "ecn", "rate", "link-trace")
	}
	note(p.SharedBottleneck, narrow, "shared-bottleneck", "rate", "link-trace", "policer")
	note(p.SharedModel, draws, "shared-model", "loss", "loss-model", "jitter", "reorder", "duplicate", "corrupt")
	if loses {
		note(p.LossAfterQueue, narrow, "loss-after-queue", "rate", "link-trace", "policer")
	} else {
		note(p.LossAfterQueue, false, "loss-after-queue", "loss", "loss-model")
	}
	return list
}

// hasDelays says whether a law has delays of its own, which need no jitter.
func hasDelays(d Distribution) bool {
	switch d.(type) {
	case DelayCDF, DelayTrace:
		return true
	}
	return false
}

// isAQM says whether a queue drops before it is full, which it can do by marking.
func isAQM(d Discipline) bool {
	switch d.(type) {
	case CoDel, RED:
		return true
	}
	return false
}

// Inert is that of both profiles, each with its direction if it is not of both.
func (c Config) Inert() (list []Inert) {
	up, down := c.Up.Inert(), c.Down.Inert()
	for _, i := range up {
		if !slices.ContainsFunc(down, i.equal) {
			i.Way = Up.String()
		}
		list = append(list, i)
	}
	for _, i := range down {
		if !slices.ContainsFunc(up, i.equal) {
			i.Way = Down.String()
			list = append(list, i)
		}
	}
	return list
}

func (i Inert) equal(o Inert) bool { return i.Setting == o.Setting && slices.Equal(i.Needs, o.Needs) }
