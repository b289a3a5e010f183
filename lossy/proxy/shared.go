package proxy

import (
	"sync"

	"udplab/lossy"
)

// shared is what all lanes of a direction have in common whose profiles say so:
// the bottleneck (lossy.Profile.SharedBottleneck) and the model (SharedModel). Its
// lock is taken behind that of a lane, by every lane that has ever shared either,
// for the calls of one lane may move the datagrams of another.
type shared struct {
	mu         sync.Mutex
	bottleneck *lossy.Bottleneck
	models     map[uint64]*lossy.Model // by seed: a flow keeps the one it appeared under
}

func newShared() [2]shared {
	one := func() shared {
		return shared{bottleneck: lossy.NewBottleneck(), models: make(map[uint64]*lossy.Model)}
	}
	return [2]shared{one(), one()}
}

// model returns the one of a seed. The caller has locked.
func (s *shared) model(seed uint64, d lossy.Direction) *lossy.Model {
	m := s.models[seed]
	if m == nil {
		m = lossy.NewModel(seed, lossy.SharedFlow, d, lossy.Profile{})
		s.models[seed] = m
	}
	return m
}

// lock takes the lock of the lane, and that of what it shares, if anything.
func (l *lane) lock() {
	l.mu.Lock()
	if l.shares {
		l.flow.proxy.shared[l.direction].mu.Lock()
	}
}

func (l *lane) unlock() {
	if l.shares {
		l.flow.proxy.shared[l.direction].mu.Unlock()
	}
	l.mu.Unlock()
}

// share gives the link what lanes share if its profile asks for any of it. The
// caller has locked the lane.
func (l *lane) share() {
	if l.shares || !l.link.Shares() {
		return
	}
	p := l.flow.proxy
	s := &p.shared[l.direction]
	s.mu.Lock()
	l.shares = true
	if now := p.settings.Load(); now != l.applied {
		l.apply(now) // who waited for the lock sets nothing that was replaced meanwhile
	}
	l.link.SetBottleneck(s.bottleneck)
	l.link.SetModel(s.model(l.flow.seed, l.direction))
}
