package presets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"udplab/lossy"
)

// parameters are the --name=value of a scenario. Reading goes on after an
// error; done tells the first one, and refuses what nobody has asked for.
type parameters struct {
	values map[string]string
	order  []string
	asked  []string
	err    error
}

func newParameters(words []string) *parameters {
	p := &parameters{values: make(map[string]string)}
	for _, word := range words[1:] {
		name, dashed := strings.CutPrefix(word, "--")
		name, value, found := strings.Cut(name, "=")
		switch _, twice := p.values[name]; {
		case !dashed || name == "":
			p.fail("%q is no parameter: write it like --delay=15ms", word)
			continue
		case twice:
			p.fail("--%s stands twice", name)
		case !found:
			value = "true" // a switch
		}
		p.values[name] = value
		p.order = append(p.order, name)
	}
	return p
}

func (p *parameters) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

func (p *parameters) has(name string) bool {
	p.asked = append(p.asked, name)
	_, found := p.values[name]
	return found
}

// need is a value that must be there. It says whether it is.
func (p *parameters) need(name string) (string, bool) {
	if !p.has(name) {
		p.fail("--%s is missing", name)
		return "", false
	}
	return p.values[name], true
}

func (p *parameters) time(name string, most time.Duration) time.Duration {
	text, found := p.need(name)
	if !found {
		return 0
	}
	d, err := lossy.ParseDuration(text)
	if err != nil {
		p.fail("--%s: %w", name, err)
	} else if d > most {
		p.fail("--%s: %v is too long, at most %v", name, d, most)
	}
	return d
}

func (p *parameters) count(name string, least, most int) int {
	text, found := p.need(name)
	if !found {
		return least
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		p.fail("--%s: %q is not a whole number from %d to %d", name, text, least, most)
		return least
	}
	return n
}

// rate reads bits per second as ns-3's DataRate has them: 10Mbps, 500kb/s.
func (p *parameters) rate(name string) float64 {
	text, found := p.need(name)
	if !found {
		return 0
	}
	number, ok := strings.CutSuffix(text, "bps")
	if !ok {
		number, ok = strings.CutSuffix(text, "b/s")
	}
	rate, err := lossy.ParseRate(number + "bit")
	if !ok || err != nil || rate == 0 {
		p.fail("--%s: %q is not a rate from 1kbps to 1Tbps: write it like 10Mbps", name, text)
	}
	return rate
}

// list reads numbers from 1 with commas between them; it may be left out.
func (p *parameters) list(name string) []string {
	if !p.has(name) {
		return nil
	}
	var numbers []string
	for number := range strings.SplitSeq(p.values[name], ",") {
		if n, err := strconv.ParseUint(number, 10, 63); err != nil || n == 0 {
			p.fail("--%s: %q is not the number of a packet: they count from 1, as in 1,3,4", name, number)
			return nil
		}
		numbers = append(numbers, number)
	}
	return numbers
}

func (p *parameters) word(name, otherwise string, words ...string) string {
	if !p.has(name) {
		return otherwise
	}
	if !slices.Contains(words, p.values[name]) {
		p.fail("--%s: %q is none of %s", name, p.values[name], strings.Join(words, ", "))
	}
	return p.values[name]
}

// flag is a switch: there, or not; or with a value, true or false.
func (p *parameters) flag(name string) bool {
	return p.word(name, "false", "true", "false", "1", "0") == "true" || p.values[name] == "1"
}

// done returns what was wrong, if anything was.
func (p *parameters) done() error {
	for _, name := range p.order {
		if !slices.Contains(p.asked, name) && p.err == nil {
			p.fail("unknown parameter --%s, it takes --%s", name, strings.Join(slices.Compact(slices.Sorted(slices.Values(p.asked))), ", --"))
		}
	}
	return p.err
}
