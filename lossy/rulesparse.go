package lossy

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Limits of Rules.
const (
	MaxRules       = 64
	maxRuleLength  = 512  // characters of one rule
	maxPatternSize = 64   // bytes compared at one place
	maxClassName   = 32   // bytes
	maxRuleNumber  = 1e15 // for any number of a rule

	// maxRuleSize is the most that a UDP datagram over IPv6 carries: 65,535 bytes less
	// its own header.
	maxRuleSize = 65535 - 8
)

// ParseRules reads rules with a semicolon between them. A rule is conditions
// with commas between them, all of which must hold:
//
//	size>1200       bytes of payload; also < <= >= and = with a number or a range
//	index=5-9       of the packet in its direction of its flow, from 0
//	age<2s          time since the flow's first packet this way
//	flow=0          number of the flow in order of appearance, or its name
//	class=ack       what the classifier calls the payload; see Link.SetClassifier
//	bytes=0x01ff@0  the payload has these bytes there; @0 may be left out
//
// and which of the packets that match are dropped, counted for each direction
// of each flow:
//
//	nth=3           the third, from 1; a range, or nth<=5, takes several
//	every=2         the second, the fourth and so on
//
// Without either all are. What can never hold, such as size>70000, is an error.
// Errors tell the place in the text, from 1. Whether a class or a flow of that name
// is ever seen is not known here: see Rules.Names.
func ParseRules(s string) (Rules, error) {
	rules, err := parseRules(s)
	if err != nil || len(rules) == 0 {
		return Rules{}, err
	}
	var lines []string
	for line := range strings.SplitSeq(s, ";") {
		var conditions []string
		for condition := range strings.SplitSeq(line, ",") {
			conditions = append(conditions, strings.Join(strings.Fields(condition), ""))
		}
		lines = append(lines, strings.Join(conditions, ","))
	}
	return Rules{strings.Join(lines, "; ")}, nil
}

// parseRules reads what ParseRules describes; nothing at all is no rule.
func parseRules(s string) ([]rule, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var rules []rule
	place := 0
	for line := range strings.SplitSeq(s, ";") {
		if len(rules) == MaxRules {
			return nil, fmt.Errorf("more than %d rules", MaxRules)
		}
		if len(line) > maxRuleLength {
			return nil, fmt.Errorf("rule %d, at %d: longer than %d characters", len(rules)+1, place+1, maxRuleLength)
		}
		var r rule
		begin := place
		for condition := range strings.SplitSeq(line, ",") {
			if err := r.add(condition); err != nil {
				blank := len(condition) - len(strings.TrimLeft(condition, " \t"))
				return nil, fmt.Errorf("rule %d, at %d: %q: %w", len(rules)+1, begin+blank+1, strings.TrimSpace(condition), err)
			}
			begin += len(condition) + 1
		}
		rules = append(rules, r)
		place += len(line) + 1
	}
	return rules, nil
}

// comparisons are tried in this order, so that <= is not taken for <.
var comparisons = []string{"<=", ">=", "<", ">", "="}

var errNoCondition = errors.New("is no condition: write it like size>1200, index=5-9, age<2s, flow=0, class=ack, bytes=0x01ff@0, nth=3 or every=2")

// add takes in one condition of a rule.
func (r *rule) add(condition string) error {
	at := strings.IndexAny(condition, "<>=")
	if at < 0 {
		return errNoCondition
	}
	key, rest := strings.TrimSpace(condition[:at]), condition[at:]
	var operator string
	for _, operator = range comparisons {
		if strings.HasPrefix(rest, operator) {
			break
		}
	}
	value := strings.TrimSpace(rest[len(operator):])
	switch key {
	case "size":
		return r.size.narrow(ruleSizes, operator, value, parseNumber)
	case "index":
		return r.index.narrow(ruleNumbers, operator, value, parseNumber)
	case "age":
		return r.age.narrow(ruleNumbers, operator, value, parseAge)
	case "nth":
		if r.every > 0 {
			return errors.New("a rule takes nth or every, not both")
		}
		return r.nth.narrow(ruleMatches, operator, value, parseNumber)
	}
	exact, known := map[string]func(string) error{
		"flow": r.addFlow, "class": r.setClass, "bytes": r.addPattern, "every": r.setEvery,
	}[key]
	switch {
	case !known:
		return errNoCondition
	case operator != "=":
		return fmt.Errorf("%s is compared with = only", key)
	}
	return exact(value)
}

// ruleNumber is what numbers of a kind there are, and how to say so.
type ruleNumber struct {
	within
	limits string
}

var (
	ruleNumbers = ruleNumber{within: within{true, 0, math.MaxUint64}}
	ruleSizes   = ruleNumber{within{true, 0, maxRuleSize}, fmt.Sprintf(": a payload has at most %d bytes", maxRuleSize)}
	ruleMatches = ruleNumber{within{true, 1, math.MaxUint64}, ": what matches is counted from 1"}
)

// narrow takes in a comparison of a number of a kind; several of one key must all
// hold.
func (w *within) narrow(of ruleNumber, operator, value string, parse func(string) (uint64, error)) error {
	if !w.set {
		*w = of.within
	}
	asked, err := compared(operator, value, parse)
	if err != nil {
		return err
	}
	if asked.low > of.high || asked.high < of.low {
		return fmt.Errorf("%w%s", errNeverHolds, of.limits)
	}
	w.low, w.high = max(w.low, asked.low), min(w.high, asked.high)
	if w.low > w.high {
		return errNeverHolds
	}
	return nil
}

// compared is the range of numbers for which a comparison holds.
func compared(operator, value string, parse func(string) (uint64, error)) (within, error) {
	if least, most, ranged := strings.Cut(value, "-"); ranged && operator == "=" {
		low, err := parse(strings.TrimSpace(least))
		if err != nil {
			return within{}, err
		}
		high, err := parse(strings.TrimSpace(most))
		if err == nil && low > high {
			err = errNeverHolds
		}
		return within{true, low, high}, err
	}
	n, err := parse(value)
	switch {
	case err != nil:
		return within{}, err
	case operator == "=":
		return within{true, n, n}, nil
	case operator == "<=":
		return within{true, 0, n}, nil
	case operator == ">=":
		return within{true, n, math.MaxUint64}, nil
	case operator == ">":
		return within{true, n + 1, math.MaxUint64}, nil
	case n == 0:
		return within{}, errNeverHolds
	}
	return within{true, 0, n - 1}, nil
}

var errNeverHolds = errors.New("can never hold")

func parseNumber(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n > maxRuleNumber {
		return 0, fmt.Errorf("%q is not a whole number", s)
	}
	return n, nil
}

func parseAge(s string) (uint64, error) {
	d, err := ParseDuration(s)
	return uint64(d), err
}

func (r *rule) addFlow(name string) error {
	key, err := NamedFlow(name)
	r.flow = append(r.flow, key.Number)
	return err
}

func (r *rule) setClass(name string) error {
	if r.class != "" {
		return errors.New("a packet has one class")
	}
	if name == "" || len(name) > maxClassName || strings.ContainsFunc(name, notInFlowName) {
		return fmt.Errorf("%q is no class: use letters, digits and any of -_., at most %d", name, maxClassName)
	}
	r.class = name
	return nil
}

func (r *rule) addPattern(value string) error {
	text, place, placed := strings.Cut(value, "@")
	digits, found := strings.CutPrefix(strings.TrimSpace(text), "0x")
	b, err := hex.DecodeString(digits)
	if !found || err != nil || len(b) == 0 || len(b) > maxPatternSize {
		return fmt.Errorf("%q is no string of bytes: write 0x and two hexadecimal digits for each of 1 to %d", strings.TrimSpace(text), maxPatternSize)
	}
	at := uint64(0)
	if placed {
		if at, err = parseNumber(strings.TrimSpace(place)); err != nil {
			return err
		}
	}
	if at > maxPayload {
		return fmt.Errorf("no payload has a byte %d", at)
	}
	r.bytes = append(r.bytes, pattern{int(at), b})
	return nil
}

func (r *rule) setEvery(value string) error {
	n, err := parseNumber(value)
	switch {
	case err != nil:
		return err
	case n == 0:
		return errors.New("every 0th is none")
	case r.every > 0 || r.nth.set:
		return errors.New("a rule takes nth or every, and one of it")
	}
	r.every = n
	return nil
}
