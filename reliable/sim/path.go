package sim

import (
	"time"

	"udplab/lossy"
)

// Fate is what happens to one datagram before it enters its link. The zero
// value lets it pass.
type Fate struct {
	Kind FateKind
	By   time.Duration // how long Delay holds it back
}

// FateKind is what a Fate does.
type FateKind uint8

const (
	Deliver   FateKind = iota // it passes
	Drop                      // it is lost
	Duplicate                 // it passes twice
	Delay                     // it passes later; what is sent after it may overtake it
	Corrupt                   // it passes with one bit flipped
)

var fateNames = [...]string{"deliver", "drop", "duplicate", "delay", "corrupt"}

func (k FateKind) String() string { return fateNames[k] }

// path is one direction between two nodes.
type path struct {
	from, to *Node
	index    int
	link     *lossy.Link
	fates    []Fate // of the next datagrams, before the link's own impairments
	armed    time.Duration
}

// held is a datagram that a Delay keeps back. Its slot is used again.
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
	switch fate.Kind {
	case Deliver:
		p.link.Send(w.now, datagram)
	case Drop:
	case Duplicate:
		p.link.Send(w.now, datagram)
		p.link.Send(w.now, datagram)
	case Delay:
		w.hold(p, datagram, w.now+fate.By)
	case Corrupt:
		w.scratch = append(w.scratch[:0], datagram...)
		w.scratch[len(datagram)/2] ^= 0x10
		p.link.Send(w.now, w.scratch)
	default:
		panic("BUG: fate " + fate.Kind.String())
	}
	p.arm()
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
		p.to.receive(p.from, out)
	}
	p.arm()
}
