package capture

import (
	"net/netip"
	"time"

	"udplab/lossy"
)

// lane is one direction of one flow: a lossy.Tap. All below the addresses is
// guarded by the capture's lock.
type lane struct {
	capture  *Capture
	label    string
	dir      lossy.Direction
	from, to netip.AddrPort

	epoch   time.Time // on the wall clock, when the network's clock began
	next    uint64    // index of the packet that comes next
	pending []pending // those that came and whose fate is not known
	spare   []byte    // a buffer for the next of them
	leaving map[uint64]leaving
}

// pending is a packet whose fate is not known.
type pending struct {
	index   uint64
	at      time.Duration
	mark    lossy.ECN
	payload []byte
	lost    bool // there was no room for it
}

// leaving is a packet of which copies are on their way.
type leaving struct {
	at      time.Duration // when it came
	size    int
	left    int // copies
	verdict lossy.Verdict
}

// Arrived is part of lossy.Tap.
func (l *lane) Arrived(now time.Duration, payload []byte, mark lossy.ECN) {
	c := l.capture
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.epoch.IsZero() {
		l.epoch = c.options.Now().Add(-now)
	}
	p := pending{index: l.next, at: now, mark: mark}
	l.next++
	if size := len(payload) + packetBytes; c.held+size > c.options.Buffer || c.closing {
		p.lost = true
		c.stats.LeftOut++
	} else {
		p.payload = append(l.spare[:0], payload...)
		l.spare = nil
		c.held += size
	}
	l.pending = append(l.pending, p)
	if len(l.pending) == 1 {
		c.open[l] = struct{}{}
	}
}

// Decided is part of lossy.Tap.
func (l *lane) Decided(_ time.Duration, size int, v lossy.Verdict) {
	c := l.capture
	c.mu.Lock()
	defer c.mu.Unlock()
	if v.Moved > 0 {
		if from, known := l.leaving[v.Index]; known && v.Moved == 1 {
			from.verdict.Wait += v.Wait
			l.leaving[v.Index] = from
		}
		return
	}
	for i := range l.pending {
		p := l.pending[i]
		if p.index != v.Index {
			continue
		}
		l.pending = append(l.pending[:i], l.pending[i+1:]...)
		if len(l.pending) == 0 {
			delete(c.open, l)
		}
		if v.Copies > 0 {
			l.leaving[v.Index] = leaving{p.at, size, v.Copies, v}
		}
		l.came(p, v, true)
		return
	}
}

// came enters a packet as it came.
func (l *lane) came(p pending, v lossy.Verdict, known bool) {
	if p.lost {
		return
	}
	c := l.capture
	c.held -= len(p.payload) + packetBytes
	c.add(packet{at: l.epoch.Add(p.at), lane: l, index: p.index, mark: p.mark, verdict: v, known: known, original: len(p.payload)}, p.payload)
	l.spare = p.payload
}

// Left is part of lossy.Tap.
func (l *lane) Left(now time.Duration, index uint64, copy int, payload []byte, mark lossy.ECN, astray bool) {
	c := l.capture
	c.mu.Lock()
	defer c.mu.Unlock()
	p := packet{at: l.epoch.Add(now), lane: l, out: true, index: index, copy: copy, mark: mark, astray: astray}
	if from, known := l.leaving[index]; known {
		p.verdict, p.known, p.original, p.took = from.verdict, true, from.size, now-from.at
		if from.left--; from.left > 0 {
			l.leaving[index] = from
		} else {
			delete(l.leaving, index)
		}
	}
	c.add(p, payload)
}

// giveUp enters what waits for its fate, which it will not hear.
func (l *lane) giveUp() {
	for _, p := range l.pending {
		l.came(p, lossy.Verdict{Index: p.index}, false)
	}
	l.pending = nil
}
