package lossy

import (
	"net/netip"
	"sync"
	"time"
)

// path is one direction of one flow of a Network: a link, and the timer that
// takes out of it what is due.
type path struct {
	network   *Network
	from, to  netip.AddrPort
	direction Direction

	mu      sync.Mutex
	shares  bool // the link has what paths share, whose lock then covers it too
	link    *Link
	tap     Tap  // nil = nobody
	own     bool // its profile is its own, not the network's
	timer   *time.Timer
	armed   bool
	wake    time.Duration // what the timer is set to, if armed
	stopped bool
	out     []byte
}

// lock takes the lock of the path, and that of what it shares, if anything, for
// then others may move its datagrams.
func (p *path) lock() {
	p.mu.Lock()
	if p.shares {
		p.network.shared[p.direction].mu.Lock()
	}
}

func (p *path) unlock() {
	if p.shares {
		p.network.shared[p.direction].mu.Unlock()
	}
	p.mu.Unlock()
}

// share gives the link what paths share if its profile asks for any of it. The
// caller has locked the path.
func (p *path) share() {
	if p.shares || !p.link.Shares() {
		return
	}
	s := &p.network.shared[p.direction]
	s.mu.Lock()
	p.shares = true
	p.link.SetBottleneck(s.bottleneck)
	p.link.SetModel(s.model)
}

// send puts a datagram on the path. The error is that of an outlet which took
// one that was due at once.
func (p *path) send(payload []byte, mark ECN) error {
	p.lock()
	defer p.unlock()
	p.share()
	now := p.network.now()
	if p.tap != nil {
		p.tap.Arrived(now, payload, mark)
	}
	p.link.SendMarked(now, payload, 0, mark)
	return p.deliver(now)
}

func (p *path) timeout() {
	p.lock()
	defer p.unlock()
	p.armed = false
	_ = p.deliver(p.network.now()) // whoever wrote it is gone
}

// nextTime is Link.NextTime.
func (p *path) nextTime() (time.Duration, bool) {
	p.lock()
	defer p.unlock()
	return p.link.NextTime()
}

// deliver hands over everything that is due and sets the timer to what comes
// next.
func (p *path) deliver(now time.Duration) error {
	if p.stopped {
		return nil
	}
	var failed error
	for {
		out, ok := p.link.Receive(now, p.out[:0])
		p.out = out
		if !ok {
			break
		}
		if p.tap != nil {
			index, copy := p.link.Origin()
			p.tap.Left(now, index, copy, out, p.link.Mark(), false)
		}
		if err := p.network.arrive(p, out, p.link.Mark()); err != nil {
			failed = err
		}
	}
	due, ok := p.link.NextTime()
	if !ok || p.armed && p.wake == due {
		return failed
	}
	p.armed, p.wake = true, due
	wait := max(due-now, 1) // see deadline.set
	if p.timer == nil {
		p.timer = time.AfterFunc(wait, p.timeout)
	} else {
		p.timer.Reset(wait)
	}
	return failed
}

// setProfile changes the profile, unless it comes from the network and the
// path has its own.
func (p *path) setProfile(profile Profile, own bool) {
	p.lock()
	defer p.unlock()
	if p.own && !own {
		return
	}
	p.own = own
	p.link.SetProfileAt(p.network.now(), profile)
}

// follow delivers what a change lets out sooner, on whatever path it was made.
func (p *path) follow() {
	p.lock()
	defer p.unlock()
	_ = p.deliver(p.network.now()) // whoever wrote it is gone
}

func (p *path) setDown(down bool) {
	p.lock()
	defer p.unlock()
	p.link.SetDown(down)
}

func (p *path) blackoutUntil(end time.Duration) {
	p.lock()
	defer p.unlock()
	p.link.BlackoutUntil(end)
}

func (p *path) stats() Stats {
	p.lock()
	defer p.unlock()
	return p.link.Stats()
}

func (p *path) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	if p.timer != nil {
		p.timer.Stop()
	}
}
