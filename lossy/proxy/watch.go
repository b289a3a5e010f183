package proxy

import (
	"slices"
	"sync"
	"time"
)

// Watcher is told what is done to a proxy while it runs, by the time on the
// proxy's clock. Each function may be nil. They are called by whoever does it,
// before the call returns, and must neither block nor call the proxy.
type Watcher struct {
	// Changed is told of every Change that succeeded: what was and what is in
	// force. Changes come in their order.
	Changed func(now time.Duration, was, is Settings)
	// Rebound is told of every Rebind, and how many flows it met.
	Rebound func(now time.Duration, flows int)
}

// Watch has w told until stop is called. Any number may watch.
func (p *Proxy) Watch(w Watcher) (stop func()) { return p.watchers.add(&w) }

type watchers struct {
	mu   sync.Mutex
	list []*Watcher // never modified: a change stores a new one
}

func (s *watchers) add(w *Watcher) (remove func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(slices.Clone(s.list), w)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.list = slices.DeleteFunc(slices.Clone(s.list), func(o *Watcher) bool { return o == w })
	}
}

// each calls f outside the lock, so that who is told may stop watching.
func (s *watchers) each(f func(*Watcher)) {
	s.mu.Lock()
	list := s.list
	s.mu.Unlock()
	for _, w := range list {
		f(w)
	}
}
