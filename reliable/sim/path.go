package sim

import (
	"time"

	"udplab/lossy"
)

// path is one direction between two nodes.
type path struct {
	from, to *Node
	index    int
	link     *lossy.Link
	fates    []Fate // of the next datagrams, before the link's own impairments
	sent     int    // datagrams ever sent
	armed    time.Duration
}

// held is a datagram that a fate keeps back. Its slot is used again.
type held struct {
	path     *path
	datagram []byte
}

// send gives a datagram to the path.
func (p *path) send(datagram []byte) {
	w := p.from.world
	fate := p.nextFate()
	w.note(Observation{Kind: Sent, Node: p.from, Peer: p.to, Datagram: datagram, Fate: fate})
	w.faults[fate.Kind]++
	if w.recorder != nil {
		w.recorder.sent(p, datagram)
	}
	p.sent++
	switch fate.Kind {
	case Deliver, Delay:
		p.enter(fate.By, fate.Place, datagram)
	case Drop:
	case Duplicate:
		p.enter(fate.By, fate.Place, datagram)
		p.enter(fate.By+fate.Again, fate.Place, datagram)
	case Corrupt:
		w.scratch = append(w.scratch[:0], datagram...)
		w.scratch[len(datagram)/2] ^= 0x10
		p.enter(fate.By, fate.Place, w.scratch)
	default:
		panic("BUG: fate " + fate.Kind.String())
	}
	p.arm()
}

// enter puts a datagram on the link, now or later.
func (p *path) enter(by time.Duration, place int, datagram []byte) {
	w := p.from.world
	if by > 0 || place > 0 {
		w.hold(p, datagram, w.now+by, place)
		return
	}
	p.link.Send(w.now, datagram)
}

func (p *path) nextFate() Fate {
	w := p.from.world
	n := w.datagrams
	w.datagrams++
	if len(p.fates) > 0 {
		fate := p.fates[0]
		p.fates = p.fates[1:]
		return fate
	}
	if w.Fate != nil {
		return w.Fate(n, p.from, p.to)
	}
	return Fate{}
}

// arm makes sure that an event comes when the link's next datagram is due.
func (p *path) arm() {
	due, ok := p.link.NextTime()
	w := p.from.world
	if !ok || due >= p.armed {
		return
	}
	p.armed = due
	w.schedule(due, eventPath, p.index)
}

// deliver hands over what is due.
func (p *path) deliver() {
	w := p.from.world
	p.armed = never
	for {
		out, ok := p.link.Receive(w.now, w.arriving[:0])
		w.arriving = out
		if !ok {
			break
		}
		if w.recorder != nil {
			w.recorder.arrived(p, out)
		}
		p.to.receive(p.from, out)
	}
	p.arm()
}

// heal lets everything pass from now on: the link keeps only its shortest
// delay, and of the fates to come only those that are merely late.
func (p *path) heal() {
	was := p.link.Profile()
	p.link.SetDown(false)
	p.link.SetProfile(lossy.Profile{Delay: was.Delay - was.Jitter})
	for i, f := range p.fates {
		if f.Kind == Drop || f.Kind == Corrupt {
			p.fates[i] = Fate{}
		}
	}
}
