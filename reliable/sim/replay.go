package sim

import (
	"fmt"
	"strings"
	"time"
)

// outcome is what came of a record that was run again.
type outcome struct {
	err  error  // what the oracle found
	kind string // of err
	at   time.Duration
	done []bool         // by step: it was reached and could be done
	sent map[[2]int]int // datagrams, by the nodes they went from and to
}

// Replay runs a record again. plant is as in RecordSwarm. The error says what
// the oracle found.
func (r *Record) Replay(plant func(*World)) error { return r.replay(plant).err }

func (r *Record) replay(plant func(*World)) outcome {
	s := NewScript()
	s.world.Observe = nil
	if plant != nil {
		plant(s.world)
	}
	o := outcome{done: make([]bool, len(r.steps)), sent: make(map[[2]int]int)}
	r.tell(func(line string, i int) bool {
		_, err := s.Execute(line)
		if failed := s.world.Err() != nil; i >= 0 {
			o.done[i] = failed || err == nil
		} else if err != nil && !failed {
			panic("BUG: " + err.Error())
		}
		return s.world.Err() == nil
	})
	o.err, o.kind, o.at = s.world.Err(), s.world.oracle.kind, s.world.now
	for _, p := range s.world.paths {
		o.sent[[2]int{p.from.index, p.to.index}] = p.sent
	}
	return o
}

// tell gives the commands of the record one after the other, those that are
// steps with their index, the others with -1, until do says no.
func (r *Record) tell(do func(line string, step int) bool) {
	for _, line := range r.setup() {
		do(line, -1)
	}
	now := time.Duration(0)
	waited := func(until time.Duration) bool {
		wait := until - now
		now = max(now, until)
		return wait <= 0 || do("run "+wait.String(), -1)
	}
	for i, s := range r.steps {
		if !waited(s.at) || !do(r.command(s), i) {
			return
		}
	}
	waited(r.end)
}

// Story runs a record again and tells it in the form of the files in testdata:
// commands and everything that happened, up to what the oracle found.
func (r *Record) Story(plant func(*World)) string {
	s := NewScript()
	if plant != nil {
		plant(s.world)
	}
	var story, happened strings.Builder
	fmt.Fprintf(&story, "# From %s: %d decisions.\n\n", r.Title, r.decisions())
	turn := func() {
		if happened.Len() > 0 {
			story.WriteString("----\n" + happened.String() + "\n")
			happened.Reset()
		}
	}
	r.tell(func(line string, _ int) bool {
		story.WriteString(line + "\n")
		out, err := s.Execute(line)
		happened.WriteString(out)
		if err != nil {
			fmt.Fprintf(&happened, "wrong: %v\n", err)
		}
		if strings.HasPrefix(line, "run ") {
			turn()
		}
		return s.world.Err() == nil
	})
	turn()
	return story.String()
}
