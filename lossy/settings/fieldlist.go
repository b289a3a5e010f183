package settings

import (
	"fmt"
	"slices"
	"time"

	"udplab/lossy"
)

// Fields returns all settings of a profile, in the order in which a datagram
// meets them.
func Fields() []Field {
	return slices.Concat(eventFields(), lossFields(), delayFields(), orderFields(), bottleneckFields())
}

// byName finds the fields, which takes long where a document has thousands of
// settings.
var byName = func() map[string]Field {
	fields := make(map[string]Field)
	for _, f := range Fields() {
		fields[f.Name] = f
	}
	return fields
}()

// FieldNamed returns the setting of a name. False means that there is none.
func FieldNamed(name string) (*Field, bool) {
	f, ok := byName[name]
	return &f, ok
}

// eventFields are of what stops datagrams by rule, before chance does.
func eventFields() []Field {
	return []Field{
		list("blackout", "outages", "when nothing passes, counted from the start: at=5s,for=3s or every=60s,for=200ms,first=10s; repeatable",
			func(p *lossy.Profile) *lossy.Blackout { return &p.Blackout }, lossy.ParseBlackout),
		number("mtu", "bytes", "largest payload that passes, 0 = any; larger ones vanish", func(p *lossy.Profile) *int { return &p.MTU }, "any size"),
		list("drop", "rule", "drop what matches: size>1200, class=ack,nth=3, bytes=0x01ff@0, index=5-9, age<2s, flow=0; repeatable",
			func(p *lossy.Profile) *lossy.Rules { return &p.Drop }, lossy.ParseRules),
	}
}

// lossFields are of what loses them by chance.
func lossFields() []Field {
	return []Field{
		probability("loss", "datagrams lost", func(p *lossy.Profile) *float64 { return &p.Loss }),
		{
			Name: "burst", Kind: "packets", Usage: "mean length of a loss burst, 1 = independent losses",
			parse:  func(p *lossy.Profile, s string) error { return parseBurst(&p.Burst, s) },
			format: func(p *lossy.Profile) string { return formatFloat(p.Burst) },
			amount: fraction(func(p *lossy.Profile) *float64 { return &p.Burst }, 1e-6, "independent losses"),
		},
		{
			Name: "loss-model", Kind: "model",
			Usage: "another law of loss instead of --loss, such as gilbert-elliott:p=1%,r=25%; none = --loss",
			read: func(p *lossy.Profile, s string, read lossy.ReadFile) error {
				return parsed(&p.LossModel, s, func(s string) (lossy.LossModel, error) { return lossy.ParseLossModel(s, read) })
			},
			format: func(p *lossy.Profile) string { return formatModel(p.LossModel, "none") },
			adopt:  func(p, from *lossy.Profile) { p.LossModel = from.LossModel },
		},
		number("loss-burst-cap", "packets", "most datagrams lost in a row, 0 = no limit",
			func(p *lossy.Profile) *int { return &p.LossBurstCap }, "no limit"),
		onOff("shared-model", "have one model decide for all flows of a direction, as one row of datagrams",
			func(p *lossy.Profile) *bool { return &p.SharedModel }),
	}
}

// delayFields are of when they come out.
func delayFields() []Field {
	return []Field{
		duration("delay", "one-way delay", func(p *lossy.Profile) *time.Duration { return &p.Delay }),
		duration("jitter", "random change of the delay, up to this much either way, or the standard deviation of another law; keeps order",
			func(p *lossy.Profile) *time.Duration { return &p.Jitter }),
		{
			Name: "delay-distribution", Kind: "model",
			Usage: "law of the delay, of mean --delay and standard deviation --jitter, such as normal; or cdf:FILE",
			read: func(p *lossy.Profile, s string, read lossy.ReadFile) error {
				return parsed(&p.Distribution, s, func(s string) (lossy.Distribution, error) { return lossy.ParseDistribution(s, read) })
			},
			format: func(p *lossy.Profile) string { return formatModel(p.Distribution, "uniform") },
			adopt:  func(p, from *lossy.Profile) { p.Distribution = from.Distribution },
		},
		{
			Name: "netem-compat", Kind: "netem", bare: "on",
			Usage:  "decide by netem's arithmetic, its biased correlation included: on, or on:limit=1000,duplicate=25%,delay=10%",
			parse:  func(p *lossy.Profile, s string) error { return parsed(&p.Netem, s, lossy.ParseNetemCompat) },
			format: func(p *lossy.Profile) string { return p.Netem.String() },
		},
		onOff("jitter-reorder", "let jitter change the order: each datagram's delay is its own",
			func(p *lossy.Profile) *bool { return &p.JitterReorder }),
	}
}

// orderFields are of what becomes of their order, number and bytes.
func orderFields() []Field {
	return []Field{
		probability("reorder", "datagrams overtaken by later ones", func(p *lossy.Profile) *float64 { return &p.Reorder }),
		{
			Name: "reorder-by", Kind: "packets",
			Usage:  fmt.Sprintf("how many overtake it: 3, 1-8 or geometric:mean=3; 0 = %d", lossy.DefaultReorderBy),
			parse:  parseReorderBy,
			format: formatReorderBy,
		},
		duration("reorder-hold", "hold it for this long instead, however many pass; 0 = for a number of others",
			func(p *lossy.Profile) *time.Duration { return &p.ReorderFor }, "for a number of others"),
		number("reorder-gap", "packets", "netem's gap: from the Nth on since the last, send it without its delay; 0 = off",
			func(p *lossy.Profile) *int { return &p.ReorderGap }, "off"),
		probability("duplicate", "datagrams that arrive more than once", func(p *lossy.Profile) *float64 { return &p.Duplicate }),
		number("duplicate-copies", "packets", "how many copies of it arrive too, 0 = 1", func(p *lossy.Profile) *int { return &p.DuplicateCopies }, "one copy"),
		duration("duplicate-delay", "how far each copy follows behind the one before it",
			func(p *lossy.Profile) *time.Duration { return &p.DuplicateDelay }),
		probability("corrupt", "datagrams that are damaged", func(p *lossy.Profile) *float64 { return &p.Corrupt }),
		{
			Name: "corrupt-how", Kind: "damage",
			Usage:  "what damage is: bit, bits:3, byte, bytes:4, truncate or extend:16",
			parse:  func(p *lossy.Profile, s string) error { return parsed(&p.CorruptHow, s, lossy.ParseDamage) },
			format: func(p *lossy.Profile) string { return p.CorruptHow.String() },
		},
	}
}

// bottleneckFields are of the link and the queue before it.
func bottleneckFields() []Field {
	return []Field{
		{
			Name: "policer", Kind: "policer", Usage: "drop what exceeds a rate, such as rate=10mbit,burst=64KiB, or none",
			parse:  func(p *lossy.Profile, s string) (err error) { return parsed(&p.Policer, s, lossy.ParsePolicer) },
			format: func(p *lossy.Profile) string { return p.Policer.String() },
		},
		{
			Name: "rate", Kind: "rate", Usage: "speed of the link, such as 10mbit, 0 = unlimited",
			parse:  func(p *lossy.Profile, s string) (err error) { return parsed(&p.Rate, s, lossy.ParseRate) },
			format: func(p *lossy.Profile) string { return lossy.ExactRate(p.Rate) },
			amount: fraction(func(p *lossy.Profile) *float64 { return &p.Rate }, 1, "unlimited"),
		},
		{
			Name: "link-trace", Kind: "file",
			Usage: "replay the link that mahimahi recorded in a file, instead of --rate; none = --rate",
			read: func(p *lossy.Profile, s string, read lossy.ReadFile) error {
				return parsed(&p.LinkTrace, s, func(s string) (*lossy.LinkTrace, error) { return lossy.ParseLinkTrace(s, read) })
			},
			format: func(p *lossy.Profile) string { return p.LinkTrace.String() },
			adopt: func(p, from *lossy.Profile) {
				if !p.LinkTrace.Equal(from.LinkTrace) { // the same again is no change
					p.LinkTrace = from.LinkTrace
				}
			},
		},
		number("overhead", "bytes", "what each datagram takes on the link beyond its payload, 28 for IPv4 and UDP",
			func(p *lossy.Profile) *int { return &p.Overhead }),
		{
			Name: "queue", Kind: "limit",
			Usage: fmt.Sprintf("longest queue before the link, as 100ms, 50packets or 64KiB; 0 = %v, before a trace %d packets",
				lossy.DefaultQueue, lossy.DefaultTraceQueue),
			parse:  (*lossy.Profile).SetQueue,
			format: (*lossy.Profile).FormatQueue,
		},
		{
			Name: "queue-discipline", Kind: "discipline",
			Usage:  "what the queue drops, and when: drop-tail, drop-head, codel or red",
			parse:  func(p *lossy.Profile, s string) (err error) { return parsed(&p.Discipline, s, lossy.ParseDiscipline) },
			format: func(p *lossy.Profile) string { return lossy.FormatDiscipline(p.Discipline) },
		},
		onOff("ecn", "have codel and red mark ECN-capable datagrams instead of dropping them",
			func(p *lossy.Profile) *bool { return &p.ECN }),
		onOff("shared-bottleneck", "have all flows of a direction share one policer, queue and link",
			func(p *lossy.Profile) *bool { return &p.SharedBottleneck }),
		onOff("loss-after-queue", "lose datagrams behind the link instead of before its queue",
			func(p *lossy.Profile) *bool { return &p.LossAfterQueue }),
	}
}
