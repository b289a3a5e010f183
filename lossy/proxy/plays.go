package proxy

import "sync"

// Playback is the scenario that was played last, even if it has ended; nil if there
// was none.
func (p *Proxy) Playback() *Playback {
	p.plays.mu.Lock()
	defer p.plays.mu.Unlock()
	return p.plays.current
}

// plays is what is being played on a proxy.
type plays struct {
	begin sync.Mutex // one begins at a time; held while settings are changed

	mu      sync.Mutex // held for a moment only, so that Close never waits for it
	current *Playback
	closed  bool
}

// enter makes b what is being played, unless the proxy is closed.
func (s *plays) enter(b *Playback) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.current = b
	}
	return !s.closed
}

// close ends what is being played.
func (s *plays) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if b := s.current; b != nil {
		b.Cancel()
	}
}

// wait waits for the end of what close has ended, unless it changes settings by a
// way that may wait for whoever closes the proxy.
func (s *plays) wait() {
	if b := s.current; b != nil && b.own { // nothing is entered any more
		<-b.ended
	}
}
