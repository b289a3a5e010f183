package evidence

import (
	"fmt"
	"sync"
	"sync/atomic"

	"udplab/lossy"
)

// After is what becomes of a datagram beyond the log: of a flow that is not in
// it, or behind the last of its flow.
type After uint8

const (
	AfterPass After = iota // it meets the network as if there were no log
	AfterDrop              // it is dropped, as in a blackout
	AfterStop              // so it is, and whoever wants to stop then is told
)

// ParseAfter reads "pass", "drop" or "stop".
func ParseAfter(s string) (After, error) {
	for a := AfterPass; a <= AfterStop; a++ {
		if s == a.String() {
			return a, nil
		}
	}
	return 0, fmt.Errorf("%q: write pass, drop or stop", s)
}

// String returns the word that ParseAfter reads.
func (a After) String() string { return [...]string{"pass", "drop", "stop"}[a] }

// Replay is one run of a recording. Make one with Recording.Replay.
type Replay struct {
	of    *Recording
	after After
	stop  func()

	mu    sync.Mutex
	lives map[laneKey]int // begun so far

	stopped                           sync.Once
	decided, beyond, missing, resized atomic.Uint64
}

// Stats is what a Replay did so far.
type Stats struct {
	Decided uint64 // datagrams that met the fate in the log
	Beyond  uint64 // that came beyond it
	Missing uint64 // that lie within it and whose line it lacks: the network decided
	Resized uint64 // of Decided, those of another size than the log's
	Unmet   uint64 // decisions whose datagram has not come
}

// Replay begins a run. stop is called once, from within a Script, for the first
// datagram beyond the log if that is AfterStop; it may be nil.
func (r *Recording) Replay(after After, stop func()) *Replay {
	return &Replay{of: r, after: after, stop: stop, lives: make(map[laneKey]int)}
}

// Stats returns what happened so far.
func (p *Replay) Stats() Stats {
	s := Stats{Decided: p.decided.Load(), Beyond: p.beyond.Load(), Missing: p.missing.Load(), Resized: p.resized.Load()}
	s.Unmet = p.of.Decisions - s.Decided
	return s
}

// Script is a lossy.Replayer. A flow that appears again goes on with the life of
// it that comes next in the log.
func (p *Replay) Script(flow lossy.FlowKey, d lossy.Direction) lossy.Script {
	return p.script(laneKey{"", flow, d})
}

// ScriptOf is Script for one of several proxies that share a log, by the name
// that it has there.
func (p *Replay) ScriptOf(proxy string) lossy.Replayer {
	return func(flow lossy.FlowKey, d lossy.Direction) lossy.Script { return p.script(laneKey{proxy, flow, d}) }
}

func (p *Replay) script(key laneKey) lossy.Script {
	p.mu.Lock()
	n := p.lives[key]
	p.lives[key]++
	p.mu.Unlock()
	var l *life
	if lane := p.of.lanes[key]; lane != nil && n < len(lane.lives) {
		l = lane.lives[n]
	}
	next := 0
	return func(index uint64, size int) (lossy.Verdict, bool) {
		if l == nil || index > l.entries[len(l.entries)-1].index {
			return p.isBeyond()
		}
		at, found := l.find(index, next)
		if !found {
			p.missing.Add(1)
			return lossy.Verdict{}, false
		}
		next = at + 1
		logged, v := l.fateAt(l.entries[at].at)
		if logged != size {
			p.resized.Add(1)
		}
		p.decided.Add(1)
		return v, true
	}
}

// isBeyond is the fate of a datagram that the log knows nothing of.
func (p *Replay) isBeyond() (lossy.Verdict, bool) {
	p.beyond.Add(1)
	if p.after == AfterPass {
		return lossy.Verdict{}, false
	}
	if p.after == AfterStop && p.stop != nil {
		p.stopped.Do(p.stop)
	}
	return lossy.Verdict{Drop: lossy.CauseBlackout}, true
}
