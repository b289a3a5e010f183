package sim

import (
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
)

// path is one direction between two nodes.
type path struct {
	from, to *Node
	index    int
	link     *lossy.Link
	fates    []Fate        // of the next datagrams, before the link's own impairments
	sent     int           // datagrams ever sent
	mtu      int           // bytes of the largest datagram that passes, 0 = any
	marking  time.Duration // how long a datagram must wait to be marked as congested, 0 = never
	spoof    *Node         // a copy of the next datagram comes from there first
	armed    time.Duration
}

// held is a datagram that a fate keeps back. Its slot is used again.
type held struct {
	path     *path
	envelope envelope
	datagram []byte
}

// send gives a datagram to the path.
func (p *path) send(datagram []byte, v envelope) {
	w := p.from.world
	if via := p.spoof; via != nil {
		p.spoof = nil
		w.path(via, p.to).send(datagram, envelope{via.at, v.to, v.mark, v.sentAt})
	}
	fate := p.nextFate()
	if p.mtu > 0 && len(datagram) > p.mtu {
		fate = Fate{Kind: TooLarge}
	}
	w.note(Observation{
		Kind: Sent, Node: p.from, Addr: w.addresses[v.from].at, Peer: p.to, PeerAddr: w.addresses[v.to].at,
		Datagram: datagram, Fate: fate,
	})
	w.faults[fate.Kind]++
	if w.recorder != nil {
		w.recorder.sent(p, datagram)
	}
	p.sent++
	switch fate.Kind {
	case Deliver, Delay:
		p.enter(fate.By, fate.Place, datagram, v)
	case Drop, TooLarge:
	case Duplicate:
		p.enter(fate.By, fate.Place, datagram, v)
		p.enter(fate.By+fate.Again, fate.Place, datagram, v)
	case Corrupt:
		w.scratch = append(w.scratch[:0], datagram...)
		w.scratch[len(datagram)/2] ^= 0x10
		p.enter(fate.By, fate.Place, w.scratch, v)
	default:
		panic("BUG: fate " + fate.Kind.String())
	}
	p.arm()
}

// enter puts a datagram on the link, now or later.
func (p *path) enter(by time.Duration, place int, datagram []byte, v envelope) {
	w := p.from.world
	if by > 0 || place > 0 {
		w.hold(p, datagram, v, w.now+by, place)
		return
	}
	p.carry(datagram, v)
}

// carry gives a datagram to the link, marked if it has to wait for long there
// (RFC 3168).
func (p *path) carry(datagram []byte, v envelope) {
	now := p.from.world.now
	if p.marking > 0 && v.mark != arq.NotECT && p.link.Backlog(now) > p.marking {
		v.mark = arq.CE
	}
	p.link.SendMarked(now, datagram, v.tag(), lossy.ECN(v.mark))
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
		v := openEnvelope(p.link.Tag())
		v.mark = arq.ECN(p.link.Mark()) // a queue may have marked it
		p.to.receive(v, out)
	}
	p.arm()
}

// heal lets everything pass from now on: the link keeps only its shortest
// delay, and of the fates to come only those that are merely late.
func (p *path) heal() {
	was := p.link.Profile()
	p.link.SetDown(false)
	p.link.SetProfile(lossy.Profile{Delay: was.Delay - was.Jitter})
	p.mtu = 0
	for i, f := range p.fates {
		if f.Kind == Drop || f.Kind == Corrupt {
			p.fates[i] = Fate{}
		}
	}
}
