package lossy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// FlowKey is which flow of a seed a flow is: its fates are drawn from Number.
// It has no name if it was numbered in order of appearance.
type FlowKey struct {
	Number uint64
	Name   string
}

// MaxFlowName is the longest name of a flow, in bytes.
const MaxFlowName = 64

// NamedFlow returns the key of a flow whose fate is not to depend on who
// appears first. A name is 1 to MaxFlowName letters, digits and any of "-_.".
// One of digits alone, up to 2^32-1, stands for that number in the order of
// appearance, which then nobody else gets; any other has a number of its own,
// of 2^63 or more, made from it.
func NamedFlow(name string) (FlowKey, error) {
	if name == "" || len(name) > MaxFlowName || strings.ContainsFunc(name, notInFlowName) {
		return FlowKey{}, fmt.Errorf("%q is no name of a flow: use letters, digits and any of -_., at most %d", name, MaxFlowName)
	}
	if strings.Trim(name, "0123456789") == "" {
		number, err := strconv.ParseUint(name, 10, 32)
		if err != nil {
			return FlowKey{}, fmt.Errorf("%q is no number of a flow: it lies between 0 and %d", name, uint64(1<<32-1))
		}
		return FlowKey{Number: number}, nil
	}
	return FlowKey{Number: 1<<63 | nameNumber(name), Name: name}, nil
}

func notInFlowName(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r))
}

// String returns the name, or the number of a flow without one.
func (k FlowKey) String() string {
	if k.Name != "" {
		return k.Name
	}
	return strconv.FormatUint(k.Number, 10)
}

// Tracer is asked, as a flow appears, who is to hear the verdicts on one
// direction of it: what it returns goes to Link.SetTrace, and may be nil. It
// is called from any goroutine, and so are the functions that it returns, each
// of them from one at a time.
type Tracer func(flow FlowKey, d Direction) func(now time.Duration, size int, v Verdict)

// Numbering numbers flows in order of appearance. The zero value begins with 0.
// It is not for concurrent use.
type Numbering struct {
	next     uint64
	reserved map[uint64]struct{}
}

// Reserve keeps a number from being given to a flow that appears.
func (n *Numbering) Reserve(k FlowKey) {
	if n.reserved == nil {
		n.reserved = make(map[uint64]struct{})
	}
	n.reserved[k.Number] = struct{}{}
}

// Next returns the key of the flow that has just appeared.
func (n *Numbering) Next() FlowKey {
	for {
		number := n.next
		n.next++
		if _, taken := n.reserved[number]; !taken {
			return FlowKey{Number: number}
		}
	}
}
