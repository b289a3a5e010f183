package metrics

import (
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A ledger adds up the snapshots of all sources of one kind: the live ones,
// read when asked, and those that ended, whose last snapshot it keeps. That is
// what makes a counter survive its connection.
//
// Safe for concurrent use.
type ledger[S any] struct {
	add func(total, snapshot *S) // adds the counters of snapshot to total, leaves gauges alone

	mu      sync.Mutex
	retired S
	live    map[*source[S]]struct{}
}

type source[S any] struct{ snapshot func() S }

func newLedger[S any](add func(total, snapshot *S)) *ledger[S] {
	return &ledger[S]{add: add, live: make(map[*source[S]]struct{})}
}

// open adds a source. The function it returns takes the last snapshot and
// forgets the source; calling it again does nothing. The snapshot function is
// called from any goroutine, without a lock held here.
func (l *ledger[S]) open(snapshot func() S) (retire func()) {
	src := &source[S]{snapshot}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live[src] = struct{}{}
	return func() { l.retire(src) }
}

func (l *ledger[S]) retire(src *source[S]) {
	last := src.snapshot()
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.live[src]; !ok {
		return
	}
	delete(l.live, src)
	l.add(&l.retired, &last)
}

// read returns the counters of everything that ever was, those of the ended
// alone, and the snapshots of what is alive.
//
// Sources and retired totals are copied in one step and the sources are asked
// afterwards, so one that retires meanwhile is counted exactly once.
func (l *ledger[S]) read() (total, retired S, live []S) {
	l.mu.Lock()
	sources := make([]*source[S], 0, len(l.live))
	for src := range l.live {
		sources = append(sources, src)
	}
	retired = l.retired
	l.mu.Unlock()

	total = retired
	live = make([]S, len(sources))
	for i, src := range sources {
		live[i] = src.snapshot()
		l.add(&total, &live[i])
	}
	return total, retired, live
}

// A row says which number of a snapshot fills which series.
type row[S any] struct {
	series series
	labels []string // values of the labels after the mode
	value  func(*S) float64
}

// count is a row whose number is unsigned, a counter or not.
func count[S any](f *family, mode string, value func(*S) uint64, labels ...string) row[S] {
	return row[S]{f.bind(mode), labels, func(s *S) float64 { return float64(value(s)) }}
}

// seconds is a row of a time that only grows.
func seconds[S any](f *family, mode string, value func(*S) time.Duration, labels ...string) row[S] {
	return row[S]{f.bind(mode), labels, func(s *S) float64 { return value(s).Seconds() }}
}

// never is a row of something this kind of source does not do: it stays 0, and
// a query that compares the modes finds both.
func never[S any](f *family, mode string, labels ...string) row[S] {
	return row[S]{f.bind(mode), labels, func(*S) float64 { return 0 }}
}

// A level is a gauge over the live sources. It reports false when there is
// nothing to tell: no series is better than an invented 0 for a time.
type level[S any] struct {
	series series
	value  func(live []S) (float64, bool)
	labels []string // values of the labels after the mode
}

// sum is a level that adds up over the live sources.
func sum[S any](f *family, mode string, value func(*S) int, labels ...string) level[S] {
	return level[S]{f.bind(mode), func(live []S) (float64, bool) {
		total := 0
		for i := range live {
			total += value(&live[i])
		}
		return float64(total), true
	}, labels}
}

// sheet is all rows and levels of one kind of source.
type sheet[S any] struct {
	rows   []row[S]
	levels []level[S]
}

func (t *sheet[S]) describe(ch chan<- *prometheus.Desc) {
	for i := range t.rows {
		ch <- t.rows[i].series.desc
	}
	for i := range t.levels {
		ch <- t.levels[i].series.desc
	}
}

// collect sends all samples. Further values belong to the last labels of every
// row.
func (t *sheet[S]) collect(ch chan<- prometheus.Metric, total *S, live []S, further ...string) {
	for i := range t.rows {
		r := &t.rows[i]
		ch <- r.series.sample(r.value(total), slices.Concat(r.labels, further)...)
	}
	for i := range t.levels {
		if v, ok := t.levels[i].value(live); ok {
			ch <- t.levels[i].series.sample(v, t.levels[i].labels...)
		}
	}
}

// mean is a level that averages a time over those live sources that know it.
func mean[S any](f *family, mode string, known func(*S) bool, value func(*S) time.Duration) level[S] {
	return level[S]{f.bind(mode), func(live []S) (float64, bool) {
		total, n := time.Duration(0), 0
		for i := range live {
			if known(&live[i]) {
				total += value(&live[i])
				n++
			}
		}
		if n == 0 {
			return 0, false
		}
		return (total / time.Duration(n)).Seconds(), true
	}, nil}
}

// pick is a level that is the least or the most of those live sources that know
// it: where one bad path matters, a mean would hide it.
func pick[S any](f *family, mode string, better func(a, b float64) float64, known func(*S) bool, value func(*S) float64) level[S] {
	return level[S]{f.bind(mode), func(live []S) (picked float64, found bool) {
		for i := range live {
			switch s := &live[i]; {
			case !known(s):
			case found:
				picked = better(picked, value(s))
			default:
				picked, found = value(s), true
			}
		}
		return picked, found
	}, nil}
}
