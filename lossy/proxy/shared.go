package proxy

import (
	"sync"

	"udplab/lossy"
)

// shared is the bottleneck of all lanes of a direction whose profiles say so
// (lossy.Profile.SharedBottleneck). Its lock is taken behind that of a lane, by
// every lane that has ever shared it, for the calls of one lane may move the
// datagrams of another.
type shared struct {
	mu         sync.Mutex
	bottleneck *lossy.Bottleneck
}

func newShared() [2]shared {
	return [2]shared{{bottleneck: lossy.NewBottleneck()}, {bottleneck: lossy.NewBottleneck()}}
}

// lock takes the lock of the lane, and that of the bottleneck if it shares one.
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

// share gives the link the shared bottleneck if its profile asks for it. The
// caller has locked the lane.
func (l *lane) share() {
	if l.shares || !l.link.Profile().SharedBottleneck {
		return
	}
	s := &l.flow.proxy.shared[l.direction]
	s.mu.Lock()
	l.shares = true
	l.link.SetBottleneck(s.bottleneck)
}
