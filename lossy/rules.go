package lossy

import (
	"bytes"
	"strings"
	"time"
)

// Rules drop packets for what they are: by size, index, first bytes, the age or
// the number of their flow, or their class, and of those that match, all or
// some. ParseRules has the form. Rules is a comparable value; the zero value
// has none.
type Rules struct{ text string }

// String writes the rules as ParseRules reads them, "" for none.
func (r Rules) String() string { return r.text }

// RuleName is a name that a rule asks for: of a class, or of a flow.
type RuleName struct {
	Rule        int // its number, from 1
	Class, Flow string
}

// Names are the names that the rules ask for, in their order. A flow by its number
// is none. Who knows what classes and flows there are finds here those that never
// come.
func (r Rules) Names() (names []RuleName) {
	rule := 0
	for line := range strings.SplitSeq(r.text, ";") {
		rule++
		for condition := range strings.SplitSeq(line, ",") {
			key, value, _ := strings.Cut(strings.TrimSpace(condition), "=")
			switch key {
			case "class":
				names = append(names, RuleName{Rule: rule, Class: value})
			case "flow":
				if flow, err := NamedFlow(value); err == nil && flow.Name != "" {
					names = append(names, RuleName{Rule: rule, Flow: value})
				}
			}
		}
	}
	return names
}

// rule is one rule of a direction of a flow, with what it has counted there.
type rule struct {
	size, index, age within
	flow             []uint64 // one of these numbers; none is any
	class            string   // "" is any
	bytes            []pattern
	nth              within // which of the matches are dropped, from 1
	every            uint64 // or every so manieth; 0 = off

	matches uint64
}

// within is a range of numbers, both ends included. Unless set it is all.
type within struct {
	set       bool
	low, high uint64
}

func (w within) holds(n uint64) bool { return !w.set || w.low <= n && n <= w.high }

// pattern is bytes that must stand at a place of the payload.
type pattern struct {
	at    int
	bytes []byte
}

func (p *pattern) holds(payload []byte) bool {
	return p.at <= len(payload) && bytes.HasPrefix(payload[p.at:], p.bytes)
}

// ruleSet is the rules of a direction of a flow.
type ruleSet struct {
	source   Rules
	rules    []rule
	classes  bool // a rule asks for the class
	classify func(payload []byte) string
	begun    time.Duration // when the flow's first packet came this way
}

// set changes the rules. Those that stay as a whole go on counting.
func (s *ruleSet) set(source Rules) {
	if s.source == source {
		return
	}
	rules, err := parseRules(source.text)
	if err != nil {
		panic("BUG: rules that were read before: " + err.Error())
	}
	s.source, s.rules, s.classes = source, rules, false
	for _, r := range rules {
		s.classes = s.classes || r.class != ""
	}
}

// drops returns the number of the first rule that drops the packet, from 1, or
// 0. Every rule sees every packet, so none shifts what another counts.
func (s *ruleSet) drops(now time.Duration, flow, index uint64, payload []byte) (first int) {
	class := ""
	if s.classes && s.classify != nil {
		class = s.classify(payload)
	}
	age := uint64(now - s.begun)
	for i := range s.rules {
		r := &s.rules[i]
		if r.matchesPacket(age, flow, index, class, payload) && r.takesMatch() && first == 0 {
			first = i + 1
		}
	}
	return first
}

func (r *rule) matchesPacket(age, flow, index uint64, class string, payload []byte) bool {
	if !r.size.holds(uint64(len(payload))) || !r.index.holds(index) || !r.age.holds(age) {
		return false
	}
	if r.class != "" && r.class != class || !r.matchesFlow(flow) {
		return false
	}
	for i := range r.bytes {
		if !r.bytes[i].holds(payload) {
			return false
		}
	}
	return true
}

func (r *rule) matchesFlow(flow uint64) bool {
	for _, number := range r.flow {
		if number == flow {
			return true
		}
	}
	return len(r.flow) == 0
}

// takesMatch counts a match and says whether it is one to be dropped.
func (r *rule) takesMatch() bool {
	r.matches++
	return r.nth.holds(r.matches) && (r.every == 0 || r.matches%r.every == 0)
}
