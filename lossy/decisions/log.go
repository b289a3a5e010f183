package decisions

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"sync"
	"time"

	"udplab/lossy"
)

// Schema is the schema of a log, which its header names.
const Schema = "udplab/decisions/v1"

// DefaultBuffer is how many bytes of lines wait to be written unless Options
// say otherwise: some 40,000 lines.
const DefaultBuffer = 4 << 20

// Options say what a log contains. The zero value is a log with times of a
// network that is not described.
type Options struct {
	Seed uint64
	// Up and Down are the profiles, in any form that encoding/json writes.
	Up, Down any
	// Timeless leaves out what depends on time; see the package doc.
	Timeless bool
	// Buffer bounds the lines that wait to be written, in bytes,
	// 0 = DefaultBuffer. Twice as much memory is used at most.
	Buffer int
}

// header is the first line.
type header struct {
	Schema string `json:"schema"`
	Seed   uint64 `json:"seed"`
	Times  bool   `json:"times"`
	Up     any    `json:"up,omitempty"`
	Down   any    `json:"down,omitempty"`
}

// Stats is what a log has taken in.
type Stats struct {
	Lines   uint64 // verdicts in the log, or on their way into it
	LeftOut uint64 // verdicts that are not, for want of room or after an error
}

// Log writes verdicts to a writer. Make one with New; it must be closed. Safe
// for concurrent use.
type Log struct {
	out      io.Writer
	timeless bool
	limit    int
	written  chan struct{} // closed when the writing has ended

	mu      sync.Mutex
	filled  sync.Cond // lines wait, or the log is closing
	waiting []byte    // lines that are not with the writer yet
	left    uint64    // lines left out behind them
	closing bool
	err     error // of the writer; nothing is taken in after it
	stats   Stats
}

// New begins a log with its header. It does not close out.
func New(out io.Writer, o Options) (*Log, error) {
	first, err := json.Marshal(header{Schema, o.Seed, !o.Timeless, o.Up, o.Down})
	if err != nil {
		return nil, err
	}
	l := &Log{out: out, timeless: o.Timeless, limit: o.Buffer, written: make(chan struct{})}
	if l.limit == 0 {
		l.limit = DefaultBuffer
	}
	l.filled.L = &l.mu
	l.waiting = append(first, '\n')
	go l.write()
	return l, nil
}

// Trace is a lossy.Tracer: it returns who writes down the verdicts on one
// direction of a flow.
func (l *Log) Trace(flow lossy.FlowKey, d lossy.Direction) func(now time.Duration, size int, v lossy.Verdict) {
	return l.trace(head(flow, d))
}

// TraceOf is Trace of one of several proxies that share a log: its lines name it.
func (l *Log) TraceOf(proxy string) lossy.Tracer {
	name, err := json.Marshal(proxy)
	if err != nil {
		panic("BUG: a string that is no JSON: " + err.Error())
	}
	of := `"proxy":` + string(name) + ","
	return func(flow lossy.FlowKey, d lossy.Direction) func(now time.Duration, size int, v lossy.Verdict) {
		return l.trace(of + head(flow, d))
	}
}

func (l *Log) trace(head string) func(now time.Duration, size int, v lossy.Verdict) {
	return func(now time.Duration, size int, v lossy.Verdict) {
		if l.timeless && v.Moved > 0 {
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.room() {
			l.left++
			l.stats.LeftOut++
			return
		}
		l.stats.Lines++
		l.waiting = appendLine(l.waiting, head, l.timeless, now, size, v)
	}
}

// Note writes a line of the caller's own among the verdicts, such as that the
// network was changed. Like them it may be left out.
func (l *Log) Note(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.room() {
		return errors.New("decisions: no room for a note")
	}
	l.waiting = append(append(l.waiting, line...), '\n')
	return nil
}

// maxLine is more than any verdict takes.
const maxLine = 8 << 10

// room says whether a line can be taken in, and wakes the writer for it. The
// caller holds l.mu.
func (l *Log) room() bool {
	if l.closing || l.err != nil || len(l.waiting)+maxLine > l.limit {
		return false
	}
	if len(l.waiting) == 0 {
		l.filled.Signal()
	}
	return true
}

// write hands what waits to the writer, until the log is closed.
func (l *Log) write() {
	defer close(l.written)
	var lines []byte
	for {
		lines = l.take(lines[:0])
		if len(lines) == 0 {
			return
		}
		if _, err := l.out.Write(lines); err != nil {
			l.fail(err)
			return
		}
	}
}

// take waits for lines and returns them, in exchange for an empty buffer. None
// means that there will be no more.
func (l *Log) take(empty []byte) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting) == 0 && !l.closing {
		l.filled.Wait()
	}
	lines := l.waiting
	l.waiting = empty
	if l.left > 0 {
		l.waiting = append(l.waiting, `{"left_out":`...)
		l.waiting = strconv.AppendUint(l.waiting, l.left, 10)
		l.waiting = append(l.waiting, "}\n"...)
		l.left = 0
	}
	return lines
}

// fail ends the log early: what waits, and what comes, is left out.
func (l *Log) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
	l.waiting = nil
}

// Stats returns what the log has taken in and left out so far.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

// Err returns the writer's error so far, if it had one: from then on every verdict
// is left out.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Close writes what waits and returns the writer's error, if it had one; then
// some of the lines in Stats.Lines are missing too. Verdicts that come later
// are left out. Closing again does nothing more.
func (l *Log) Close() error {
	l.mu.Lock()
	l.closing = true
	l.filled.Signal()
	l.mu.Unlock()
	<-l.written
	return l.err
}
