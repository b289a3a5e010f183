package evidence

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"udplab/lossy"
)

// MaxDecisions is how many decisions a log may have.
const MaxDecisions = 1 << 23

// Recording is a log of decisions, read and checked. It never changes.
type Recording struct {
	Seed  uint64 // of the network that was recorded
	Times bool   // false: nothing is known of waits in queues and of marks
	// Up and Down are the profiles that network began with, as the log has them;
	// empty if it has none.
	Up, Down json.RawMessage

	// Decisions counts the lines that have one, LeftOut those that the log says
	// it lacks, and Notes the lines of other kinds.
	Decisions, LeftOut, Notes uint64

	lanes map[laneKey]*lane
	order []laneKey // in order of appearance
	line  decision  // that is being read
	moves int       // lines that moved a datagram
}

// laneKey is one direction of one flow of one proxy, which has no name if the
// header describes it.
type laneKey struct {
	proxy string
	flow  lossy.FlowKey
	dir   lossy.Direction
}

// String names the lane for messages.
func (k laneKey) String() string {
	if k.proxy != "" {
		return fmt.Sprintf("proxy %q flow %v %v", k.proxy, k.flow, k.dir)
	}
	return fmt.Sprintf("flow %v %v", k.flow, k.dir)
}

// lane is what became of the packets of one direction of one flow: a life for
// each time the flow began.
type lane struct{ lives []*life }

// life is a row of fates, packed one behind the other.
type life struct {
	entries []entry // by index
	fates   []byte
	begun   bool   // has index 0
	moves   []move // until the log has been read
}

// entry is where in the fates that of a packet begins.
type entry struct {
	index uint64
	at    uint32
	line  uint32 // of the log, for messages
}

// maxFates is how long the fates of a life may be for one more.
const maxFates = math.MaxUint32 - maxPacked

var errFates = errors.New("more than 4 GiB of decisions")

// add takes in a decision, in the order of the log.
func (r *Recording) add(key laneKey, line int, size int, v *lossy.Verdict) error {
	if r.Decisions == MaxDecisions {
		return fmt.Errorf("a log of more than %d decisions", MaxDecisions)
	}
	l := r.lanes[key]
	if l == nil {
		l = &lane{lives: []*life{{}}}
		r.lanes[key] = l
		r.order = append(r.order, key)
	}
	last := l.lives[len(l.lives)-1]
	if v.Index == 0 && last.begun {
		last = &life{}
		l.lives = append(l.lives, last)
	}
	last.begun = last.begun || v.Index == 0
	if len(last.fates) > maxFates {
		return fmt.Errorf("%v has %w", key, errFates)
	}
	last.entries = append(last.entries, entry{v.Index, uint32(len(last.fates)), uint32(line)})
	last.fates = appendFate(last.fates, size, v)
	r.Decisions++
	return nil
}

// finish puts every life in the order of its packets.
func (r *Recording) finish() error {
	for _, key := range r.order {
		for _, l := range r.lanes[key].lives {
			byIndex := func(a, b entry) int {
				return cmp.Or(cmp.Compare(a.index, b.index), cmp.Compare(a.line, b.line))
			}
			if !slices.IsSortedFunc(l.entries, byIndex) {
				slices.SortFunc(l.entries, byIndex)
			}
			for i := 1; i < len(l.entries); i++ {
				if a, b := l.entries[i-1], l.entries[i]; a.index == b.index {
					return &LineError{int(b.line), fmt.Errorf("%v index %d was decided in line %d already: is this more than one log?",
						key, b.index, a.line)}
				}
			}
			if err := l.makeMoves(); err != nil {
				return err
			}
		}
	}
	return nil
}

// find returns where the entry of a packet is, or where it would be. The guess
// is right while packets come in order.
func (l *life) find(index uint64, guess int) (at int, found bool) {
	if guess < len(l.entries) && l.entries[guess].index == index {
		return guess, true
	}
	return slices.BinarySearchFunc(l.entries, index, func(e entry, index uint64) int { return cmp.Compare(e.index, index) })
}

// Flows counts the flows that the log tells of.
func (r *Recording) Flows() int {
	flows := make(map[laneKey]struct{})
	for _, key := range r.order {
		key.dir = lossy.Up
		flows[key] = struct{}{}
	}
	return len(flows)
}

// Memory is about how many bytes the recording takes.
func (r *Recording) Memory() (bytes int) {
	for _, lane := range r.lanes {
		for _, l := range lane.lives {
			bytes += cap(l.entries)*16 + cap(l.fates)
		}
	}
	return bytes
}
