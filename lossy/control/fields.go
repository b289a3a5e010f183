package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"udplab/lossy"
)

// Field is one setting of a lossy.Profile in the form people write it. The
// command's flags and the API share the list, so they cannot drift apart.
type Field struct {
	Name  string // of the flag and of the JSON key
	Kind  string // what a value is: "percent", "duration", "rate", "packets", "bytes", "switch", "model", or what it names
	Usage string // one line for --help

	repeats bool // it is a list, to which a repeated flag adds

	parse  func(p *lossy.Profile, value string) error                      // or, where a value
	read   func(p *lossy.Profile, value string, read lossy.ReadFile) error // may name a file
	format func(p *lossy.Profile) string
}

// Set reads a value into the profile. The error says what a value looks like.
// Ranges that concern several fields are for lossy.Profile.Validate. A value that
// names a file is refused (lossy.ErrNamesFile), unless it is the one in force:
// clients may not read the files of this machine.
func (f *Field) Set(p *lossy.Profile, value string) error {
	if value == f.Get(p) {
		return nil
	}
	return f.SetFrom(p, value, nil)
}

// SetFrom is Set for who may read files, such as the command line.
func (f *Field) SetFrom(p *lossy.Profile, value string, read lossy.ReadFile) error {
	if f.read != nil {
		return f.read(p, value, read)
	}
	return f.parse(p, value)
}

// Get writes the value as Set reads it.
func (f *Field) Get(p *lossy.Profile) string { return f.format(p) }

// Switch says whether the value is on or off: a flag without a value, and true
// or false in JSON.
func (f *Field) Switch() bool { return f.Kind == "switch" }

// Join adds a value that was given after others, as a repeated flag is: what a
// list has already stays, anything else is replaced.
func (f *Field) Join(before, value string) string {
	if f.repeats && before != "" {
		return before + "; " + value
	}
	return value
}

// number says whether a value is a bare number, so that JSON writes it as one.
func (f *Field) number(value string) bool {
	return (f.Kind == "packets" || f.Kind == "bytes") && json.Valid([]byte(value))
}

// Fields returns all settings of a profile, in the order in which a datagram
// meets them.
func Fields() []Field {
	return []Field{
		list("blackout", "outages", "when nothing passes: at=5s,for=3s or every=60s,for=200ms,first=10s; repeatable",
			func(p *lossy.Profile) *lossy.Blackout { return &p.Blackout }, lossy.ParseBlackout),
		{
			Name: "mtu", Kind: "bytes", Usage: "largest payload that passes, 0 = any; larger ones vanish",
			parse:  func(p *lossy.Profile, s string) error { return parseCount(&p.MTU, s, "bytes") },
			format: func(p *lossy.Profile) string { return strconv.Itoa(p.MTU) },
		},
		list("drop", "rule", "drop what matches: size>1200, class=ack,nth=3, bytes=0x01ff@0, index=5-9, age<2s, flow=0; repeatable",
			func(p *lossy.Profile) *lossy.Rules { return &p.Drop }, lossy.ParseRules),
		probability("loss", "datagrams lost", func(p *lossy.Profile) *float64 { return &p.Loss }),
		{
			Name: "burst", Kind: "packets", Usage: "mean length of a loss burst, 1 = independent losses",
			parse:  func(p *lossy.Profile, s string) error { return parseBurst(&p.Burst, s) },
			format: func(p *lossy.Profile) string { return formatFloat(p.Burst) },
		},
		{
			Name: "loss-model", Kind: "model",
			Usage: "another law of loss instead of --loss, such as gilbert-elliott:p=1%,r=25%; none = --loss",
			read: func(p *lossy.Profile, s string, read lossy.ReadFile) error {
				return parsed(&p.LossModel, s, func(s string) (lossy.LossModel, error) { return lossy.ParseLossModel(s, read) })
			},
			format: func(p *lossy.Profile) string { return formatModel(p.LossModel, "none") },
		},
		{
			Name: "loss-burst-cap", Kind: "packets", Usage: "most datagrams lost in a row, 0 = no limit",
			parse:  func(p *lossy.Profile, s string) error { return parseCount(&p.LossBurstCap, s, "packets") },
			format: func(p *lossy.Profile) string { return strconv.Itoa(p.LossBurstCap) },
		},
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
		},
		onOff("jitter-reorder", "let jitter change the order: each datagram's delay is its own",
			func(p *lossy.Profile) *bool { return &p.JitterReorder }),
		probability("reorder", "datagrams overtaken by later ones", func(p *lossy.Profile) *float64 { return &p.Reorder }),
		{
			Name: "reorder-by", Kind: "packets",
			Usage:  fmt.Sprintf("how many overtake it: 3, 1-8 or geometric:mean=3; 0 = %d", lossy.DefaultReorderBy),
			parse:  parseReorderBy,
			format: formatReorderBy,
		},
		duration("reorder-hold", "hold it for this long instead, however many pass; 0 = for a number of others",
			func(p *lossy.Profile) *time.Duration { return &p.ReorderFor }),
		packets("reorder-gap", "netem's gap: from the Nth on since the last, send it without its delay; 0 = off",
			func(p *lossy.Profile) *int { return &p.ReorderGap }),
		probability("duplicate", "datagrams that arrive more than once", func(p *lossy.Profile) *float64 { return &p.Duplicate }),
		packets("duplicate-copies", "how many copies of it arrive too, 0 = 1", func(p *lossy.Profile) *int { return &p.DuplicateCopies }),
		duration("duplicate-delay", "how far each copy follows behind the one before it",
			func(p *lossy.Profile) *time.Duration { return &p.DuplicateDelay }),
		probability("corrupt", "datagrams that are damaged", func(p *lossy.Profile) *float64 { return &p.Corrupt }),
		{
			Name: "corrupt-how", Kind: "damage",
			Usage:  "what damage is: bit, bits:3, byte, bytes:4, truncate or extend:16",
			parse:  func(p *lossy.Profile, s string) error { return parsed(&p.CorruptHow, s, lossy.ParseDamage) },
			format: func(p *lossy.Profile) string { return p.CorruptHow.String() },
		},
		{
			Name: "policer", Kind: "policer", Usage: "drop what exceeds a rate, such as rate=10mbit,burst=64KiB, or none",
			parse:  func(p *lossy.Profile, s string) (err error) { return parsed(&p.Policer, s, lossy.ParsePolicer) },
			format: func(p *lossy.Profile) string { return p.Policer.String() },
		},
		{
			Name: "rate", Kind: "rate", Usage: "speed of the link, such as 10mbit, 0 = unlimited",
			parse:  func(p *lossy.Profile, s string) (err error) { return parsed(&p.Rate, s, lossy.ParseRate) },
			format: func(p *lossy.Profile) string { return lossy.FormatRate(p.Rate) },
		},
		{
			Name: "link-trace", Kind: "file",
			Usage: "replay the link that mahimahi recorded in a file, instead of --rate; none = --rate",
			read: func(p *lossy.Profile, s string, read lossy.ReadFile) error {
				return parsed(&p.LinkTrace, s, func(s string) (*lossy.LinkTrace, error) { return lossy.ParseLinkTrace(s, read) })
			},
			format: func(p *lossy.Profile) string { return p.LinkTrace.String() },
		},
		{
			Name: "overhead", Kind: "bytes", Usage: "what each datagram takes on the link beyond its payload, 28 for IPv4 and UDP",
			parse:  func(p *lossy.Profile, s string) error { return parseCount(&p.Overhead, s, "bytes") },
			format: func(p *lossy.Profile) string { return strconv.Itoa(p.Overhead) },
		},
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

func probability(name, what string, of func(*lossy.Profile) *float64) Field {
	return Field{
		Name: name, Kind: "percent", Usage: "share of " + what,
		parse:  func(p *lossy.Profile, s string) error { return parsed(of(p), s, lossy.ParseProbability) },
		format: func(p *lossy.Profile) string { return lossy.FormatProbability(*of(p)) },
	}
}

func duration(name, usage string, of func(*lossy.Profile) *time.Duration) Field {
	return Field{
		Name: name, Kind: "duration", Usage: usage,
		parse:  func(p *lossy.Profile, s string) error { return parsed(of(p), s, lossy.ParseDuration) },
		format: func(p *lossy.Profile) string { return of(p).String() },
	}
}

func packets(name, usage string, of func(*lossy.Profile) *int) Field {
	return Field{
		Name: name, Kind: "packets", Usage: usage,
		parse:  func(p *lossy.Profile, s string) error { return parseCount(of(p), s, "packets") },
		format: func(p *lossy.Profile) string { return strconv.Itoa(*of(p)) },
	}
}

// list is a setting of several lines, with semicolons between them.
func list[T fmt.Stringer](name, kind, usage string, of func(*lossy.Profile) *T, parse func(string) (T, error)) Field {
	return Field{
		Name: name, Kind: kind, Usage: usage, repeats: true,
		parse:  func(p *lossy.Profile, s string) error { return parsed(of(p), s, parse) },
		format: func(p *lossy.Profile) string { return (*of(p)).String() },
	}
}

func onOff(name, usage string, of func(*lossy.Profile) *bool) Field {
	return Field{
		Name: name, Kind: "switch", Usage: usage,
		parse:  func(p *lossy.Profile, s string) error { return parsed(of(p), s, parseSwitch) },
		format: func(p *lossy.Profile) string { return strconv.FormatBool(*of(p)) },
	}
}

func parseSwitch(s string) (bool, error) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", s)
}

// parsed stores what parse reads, if it reads it.
func parsed[T any](at *T, s string, parse func(string) (T, error)) error {
	v, err := parse(s)
	if err == nil {
		*at = v
	}
	return err
}

// formatModel writes a model, or the word for none.
func formatModel(m fmt.Stringer, none string) string {
	if m == nil {
		return none
	}
	return m.String()
}

func parseBurst(at *float64, s string) error {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return fmt.Errorf("%q is not a number of packets: write it like 4", s)
	}
	*at = v
	return nil
}

func parseCount(at *int, s, unit string) error {
	v, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return fmt.Errorf("%q is not a number of %s: write it like 3", s, unit)
	}
	*at = int(v)
	return nil
}

// parseReorderBy reads the one number of others that overtake, or a law of it.
func parseReorderBy(p *lossy.Profile, s string) error {
	var by int
	if parseCount(&by, s, "packets") == nil {
		p.ReorderBy, p.ReorderSpread = by, lossy.Displacement{}
		return nil
	}
	spread, err := lossy.ParseDisplacement(s)
	if err == nil {
		p.ReorderBy, p.ReorderSpread = 0, spread
	}
	return err
}

func formatReorderBy(p *lossy.Profile) string {
	if p.ReorderSpread != (lossy.Displacement{}) {
		return p.ReorderSpread.String()
	}
	return strconv.Itoa(p.ReorderBy)
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// errUnknownField is wrapped by the refusal of a field that does not exist.
var errUnknownField = errors.New("unknown field")
