package netem

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"udplab/lossy/spelling"
)

// Parse reads a line of netem's arguments as tc does: a keyword may be shortened,
// a number of a time without a unit is of microseconds, a percentage needs no
// sign, kbps are kilobytes a second. What stands before the arguments on a command
// line, "tc qdisc add dev eth0 root netem", is passed over. Unlike tc it refuses
// a keyword that stands twice, where tc takes some values of each, and takes a gap
// without reorder (Netem.GapAlone). The error is a SyntaxError.
func Parse(line string) (Netem, error) {
	p := parser{words: split(line), n: Netem{Limit: DefaultLimit}, seen: make(map[string]int)}
	p.command()
	for p.more() {
		p.option()
	}
	if p.err == nil {
		p.check()
	}
	if p.err != nil {
		return Netem{}, p.err
	}
	return p.n, nil
}

type parser struct {
	*words
	n    Netem
	seen map[string]int // keywords, and the column of each
}

// keyword is a word of netem's, and what reads its values.
type keyword struct {
	name, alias string // both are taken
	read        func(*parser)
}

// keywords are in the order in which tc compares, so that a shortened word means
// what it means there.
func keywords() []keyword {
	return []keyword{
		{"limit", "", func(p *parser) { p.n.Limit = value(p.words, "limit", parseSize) }},
		{"delay", "latency", (*parser).delay},
		{"loss", "drop", (*parser).loss},
		{"seed", "", func(p *parser) { p.n.Seed, p.n.Seeded = value(p.words, "seed", parseSeed), true }},
		{"ecn", "", func(p *parser) { p.n.Loss.ECN = true }},
		{"reorder", "", func(p *parser) { p.n.Reorder = p.chance("reorder") }},
		{"corrupt", "", func(p *parser) { p.n.Corrupt = p.chance("corrupt") }},
		{"gap", "", func(p *parser) { p.n.Gap = value(p.words, "gap", parseCount) }},
		{"duplicate", "", func(p *parser) { p.n.Duplicate = p.chance("duplicate") }},
		{"distribution", "", func(p *parser) { p.n.Distribution = value(p.words, "distribution", parseName) }},
		{"rate", "", (*parser).rate},
		{"slot", "", (*parser).slot},
	}
}

// option reads a keyword and its values.
func (p *parser) option() {
	text := p.take()
	for _, k := range keywords() {
		// tc asks for latency before delay; no beginning of one is that of the other's.
		if !strings.HasPrefix(k.name, text) && !strings.HasPrefix(k.alias, text) {
			continue
		}
		if at, twice := p.seen[k.name]; twice {
			p.fail("%q: %s stands at %d already", text, k.name, at)
			return
		}
		p.seen[k.name] = p.list[p.next-1].column
		k.read(p)
		return
	}
	p.unknown(text)
}

// unknown explains a word that is no keyword.
func (p *parser) unknown(text string) {
	var names []string
	for _, k := range keywords() {
		names = append(names, k.name)
	}
	_, _, begins := number(text)
	switch {
	case text == "%" || slices.ContainsFunc(times(1)[1:], func(u unit) bool { return u.name == text }):
		p.fail("%q stands apart from its number: write them as one word, like 5%% or 40ms", text)
	case text == "jitter":
		p.fail("%q is no word of netem: jitter is the second value of delay, delay 40ms 10ms", text)
	case begins:
		p.fail("%q is a value too many, or its keyword is missing", text)
	case spelling.Nearest(text, names) != "":
		p.fail("%q is no word of netem: did you mean %s?", text, spelling.Nearest(text, names))
	default:
		p.fail("%q is no word of netem: it takes %s", text, strings.Join(names, ", "))
	}
}

func (p *parser) chance(what string) (c Chance) {
	c.P = value(p.words, what, parsePercent)
	further(p.words, &c.Correlation, what+"'s correlation", parsePercent)
	return c
}

func (p *parser) delay() {
	microseconds := func(s string) (time.Duration, error) { return parseTime(s, 1e3) }
	p.n.Delay = value(p.words, "delay", microseconds)
	if further(p.words, &p.n.Jitter, "delay's jitter", microseconds) {
		further(p.words, &p.n.DelayCorrelation, "delay's correlation", parsePercent)
	}
}

func (p *parser) loss() {
	l := &p.n.Loss
	if p.number(false) {
		l.Random = p.chance("loss")
		return
	}
	switch model := value(p.words, "loss", parseName); {
	case p.err != nil:
	case model == "random":
		l.Random = p.chance("loss random")
	case model == "state":
		l.Model = State
		l.P13 = value(p.words, "loss state's p13", parsePercent)
		l.P31, l.P23 = 100-l.P13, 100
		_ = further(p.words, &l.P31, "p31", parsePercent) && further(p.words, &l.P32, "p32", parsePercent) &&
			further(p.words, &l.P23, "p23", parsePercent) && further(p.words, &l.P14, "p14", parsePercent)
	case model == "gemodel":
		l.Model = GEModel
		l.P = value(p.words, "loss gemodel's p", parsePercent)
		l.R, l.Bad = 100-l.P, 100
		_ = further(p.words, &l.R, "r", parsePercent) && further(p.words, &l.Bad, "1-h", parsePercent) &&
			further(p.words, &l.Good, "1-k", parsePercent)
	default:
		hint := ""
		if near := spelling.Nearest(model, []string{"random", "state", "gemodel"}); near != "" {
			hint = fmt.Sprintf("; did you mean %s?", near)
		}
		p.fail("loss: %q is neither a percentage nor random, state or gemodel%s", model, hint)
	}
}

func (p *parser) rate() {
	r := &p.n.Rate
	r.BytesPerSecond = value(p.words, "rate", parseRate)
	if p.number(true) {
		r.Overhead = value(p.words, "rate's overhead", parseInteger)
	}
	if further(p.words, &r.CellSize, "rate's cell size", parseCount) && r.CellSize > 0 && p.number(true) {
		r.CellOverhead = value(p.words, "rate's cell overhead", parseInteger)
	}
}

func (p *parser) slot() {
	s := &p.n.Slot
	nanoseconds := func(w string) (time.Duration, error) { return parseTime(w, 1) }
	if p.number(false) {
		s.Min = value(p.words, "slot", nanoseconds)
		s.Max = s.Min
		if further(p.words, &s.Max, "slot", nanoseconds) && s.Max < s.Min {
			p.fail("slot: the longest delay is shorter than the shortest, %s", formatTime(s.Min))
		}
	} else if what := value(p.words, "slot", parseName); p.err == nil && what != "distribution" {
		p.fail("slot: %q is neither a time nor distribution", what)
	} else {
		s.Distribution = value(p.words, "slot distribution", parseName)
		s.Delay = value(p.words, "slot's delay", nanoseconds)
		s.Jitter = value(p.words, "slot's jitter", nanoseconds)
	}
	for p.more() {
		next := p.list[p.next].text
		switch {
		case s.Packets == 0 && strings.HasPrefix("packets", next):
			p.take()
			s.Packets = value(p.words, "slot's packets", parseCount)
		case s.Bytes == 0 && strings.HasPrefix("bytes", next):
			p.take()
			s.Bytes = value(p.words, "slot's bytes", parseSize)
		default:
			return
		}
	}
}

// parseName takes any word.
func parseName(s string) (string, error) { return s, nil }

// command passes over what stands before the arguments of netem.
func (p *parser) command() {
	end := -1 // of the command: the word netem, which a device may be called, too
	for i, w := range p.list {
		if w.text == "netem" && (i == 0 || !takesName(p.list[i-1].text)) {
			end = i
			break
		}
	}
	if end < 0 {
		if p.more() && slices.Contains([]string{"tc", "sudo", "qdisc"}, p.list[0].text) {
			p.next = len(p.list)
			p.fail("a command without the word netem, behind which its arguments stand")
		}
		return
	}
	for p.err == nil && p.next < end {
		switch text := p.take(); {
		case slices.Contains([]string{"sudo", "tc", "qdisc", "add", "change", "replace", "root"}, text):
		case takesName(text):
			p.take()
		default:
			p.fail("%q stands before netem and is no word of tc qdisc", text)
		}
	}
	p.next = max(p.next, end+1)
}

// takesName says whether a word of the command is followed by a name.
func takesName(text string) bool { return text == "dev" || text == "parent" || text == "handle" }

// check refuses what tc refuses of values that do not go together.
func (p *parser) check() {
	n := &p.n
	refuse := func(name, text string) {
		if p.err == nil {
			p.err = &SyntaxError{p.seen[name], name, errors.New(text)}
		}
	}
	// netem_change in sch_netem.c: a gap that comes without a share has all of them.
	if _, given := p.seen["reorder"]; n.Gap > 0 && !given {
		n.Reorder, n.GapAlone = Chance{P: 100}, true
	}
	if n.Reorder.P > 0 && n.Delay == 0 {
		word := "reorder"
		if n.GapAlone {
			word = "gap"
		}
		refuse(word, word+": needs a delay, for it sends at once what others wait for; add delay 10ms")
	}
	if n.Gap > 0 && n.Reorder.P == 0 {
		refuse("gap", "gap: needs a share to reorder, reorder 25% gap 5; reorder 100% for every one")
	}
	if n.Reorder.P > 0 {
		n.Gap = max(n.Gap, 1)
	} else {
		n.Reorder, n.Gap = Chance{}, 0 // says nothing
	}
	if n.Loss.ECN && n.Loss == (Loss{ECN: true}) {
		refuse("ecn", "ecn: needs a loss model, what it would lose is marked")
	}
	if n.Distribution != "" && (n.Delay == 0 || n.Jitter == 0) {
		refuse("distribution", "distribution: needs a delay and a jitter, delay 40ms 10ms distribution normal")
	}
	if n.Distribution == "uniform" {
		n.Distribution = ""
	}
	for _, c := range []*Chance{&n.Loss.Random, &n.Duplicate, &n.Corrupt} {
		if c.P == 0 {
			*c = Chance{} // of nothing no correlation either
		}
	}
	if n.Jitter == 0 {
		n.DelayCorrelation = 0
	}
}
