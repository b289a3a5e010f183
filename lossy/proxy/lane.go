package proxy

import (
	"sync"
	"time"

	"udplab/lossy"
)

// lane is one direction of one flow: a lossy.Link driven in real time. Three
// parties meet in it: the goroutine that reads the socket it is fed from, the
// scheduler, and whoever takes a snapshot.
type lane struct {
	proxy     *Proxy
	flow      *flow
	direction lossy.Direction
	send      func(b []byte) error // writes one datagram to the socket it feeds
	due       *job                 // calls drain when the link's next datagram is due

	// mu is held while a datagram is written, which is what keeps the lane's
	// datagrams in order. UDP writes do not wait for the network.
	mu      sync.Mutex
	link    *lossy.Link
	applied *settings      // what the link's profile was taken from
	held    int            // bytes in flight, as entered in proxy.held
	stats   DirectionStats // all but Link
}

func newLane(f *flow, dir lossy.Direction, s *settings, send func([]byte) error) *lane {
	l := &lane{proxy: f.proxy, flow: f, direction: dir, send: send, applied: s}
	l.link = lossy.NewLink(s.network.Seed, f.key.Number, dir, s.network.Profile(dir))
	l.link.SetDown(!s.enabled)
	if trace := f.proxy.cfg.Tracer; trace != nil {
		l.link.SetTrace(trace(f.key, dir))
	}
	l.due = newJob(l.drainDue)
	return l
}

// input takes a datagram in and lets out what is due. Every datagram sees one
// state of the settings, whole. The buffer is free for reuse from the moment
// the link has taken its copy: what comes out is put together in it.
func (l *lane) input(buf []byte, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.PacketsReceived++
	l.stats.BytesReceived += uint64(n)
	if s := l.proxy.settings.Load(); s != l.applied {
		l.applied = s
		l.link.SetProfile(s.network.Profile(l.direction))
		l.link.SetDown(!s.enabled)
	}
	now := l.proxy.clock()
	l.link.SetCapacity(l.held + l.proxy.heldLeft())
	l.link.Send(now, buf[:n])
	l.drain(now, buf)
}

// drainDue is the lane's job in the scheduler. What leaves late keeps its flow
// alive as what comes in does.
func (l *lane) drainDue(now time.Duration) {
	l.mu.Lock()
	l.drain(now, l.proxy.scratch)
	l.mu.Unlock()
	l.proxy.table.sawLife(l.flow, now)
}

// drain sends what is due and sets the alarm for what is not. The caller holds
// l.mu and lends a buffer.
func (l *lane) drain(now time.Duration, buf []byte) {
	for {
		due, some := l.link.NextTime()
		if !some {
			l.hold(0)
			return
		}
		if due > now {
			l.proxy.scheduler.set(l.due, due)
			break
		}
		out, _ := l.link.Receive(now, buf[:0])
		l.transmit(out, due)
	}
	s := l.link.Stats()
	l.hold(int(s.BytesInFlight) + int(s.PacketsInFlight)*heldOverhead)
}

// heldOverhead is what a datagram in flight counts beyond its payload. It is
// what lossy.Link.SetCapacity charges.
const heldOverhead = 64

// hold enters the lane's bytes in flight in the sum over all lanes.
func (l *lane) hold(bytes int) {
	if bytes != l.held {
		l.proxy.held.Add(int64(bytes - l.held))
		l.held = bytes
	}
}

// transmit writes one datagram. A connected socket reports on a write that an
// earlier datagram was refused, instead of sending the one given, so that one
// is given again.
func (l *lane) transmit(b []byte, due time.Duration) {
	l.stats.Lateness.observe(l.proxy.clock() - due)
	err := l.send(b)
	for range 2 {
		if err == nil || !isRefused(err) {
			break
		}
		l.stats.Refused++
		err = l.send(b)
	}
	if err != nil {
		l.stats.Dropped[sendCause(err)]++
		return
	}
	l.stats.PacketsSent++
	l.stats.BytesSent += uint64(len(b))
}

// readFailed counts a failed read of the socket the lane is fed from.
func (l *lane) readFailed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if isRefused(err) {
		l.stats.Refused++
	} else {
		l.stats.ReadErrors++
	}
}

// refuse counts a datagram that was read but may not enter the link any more.
func (l *lane) refuse(n int, why Cause) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.refuse(n, why)
}

// inFlight says whether the lane holds any datagram.
func (l *lane) inFlight() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, some := l.link.NextTime()
	return some
}

func (l *lane) snapshot() DirectionStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Link = l.link.Stats()
	return s
}
