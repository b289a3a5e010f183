package chat

import (
	"errors"
	"io"
	"time"

	"udplab/reliable"
)

// incoming takes a message of the peer, unless it is a line whose turn has not
// come.
func (c *conversation) incoming(l *link, b []byte) (taken bool) {
	m, err := Decode(b)
	switch {
	case err != nil:
		c.tally.malformed.Add(1)
		if l.run == "" {
			l.end(codeNotChat, "this is a chat of udplab")
		}
	case m.Kind == Moved: // possibly instead of a hello
		l.moved = true
		c.heardLastWord(l)
	case l.run == "" && (m.Kind != Hello || m.Text == "" || len(m.Text) > maxRun):
		c.tally.malformed.Add(1)
		l.end(codeNotChat, "this is a chat of udplab")
	case l.run == "":
		l.run = m.Text
		c.greeted(l, &m)
	case m.Kind == Bye:
		l.saidBye = true
		// The peer leaves, and may have said so before it heard that another
		// connection takes the place of this one.
		if l.adopted && (c.active == nil || c.active.run == l.run) {
			c.events.emit(c.peer.left()...)
		}
		c.heardLastWord(l)
	case m.Kind == Text && l.adopted:
		if !c.turn(l, m.ID) {
			return false
		}
		c.show(l, &m)
	}
	return true
}

// heardLastWord lets a link end: the peer says nothing more on it.
func (c *conversation) heardLastWord(l *link) {
	l.end(0, "")
	if l == c.active {
		c.active = nil
	}
}

// show shows a line, unless it was shown before: then it came again over
// another connection, because its acknowledgment was lost with the first one.
func (c *conversation) show(l *link, m *Message) {
	if !c.shown[l.run].first(m.ID) {
		return
	}
	c.tally.received.Add(1)
	from := l.addr.String()
	for _, e := range append(c.peer.heard(m.Name, l.run), Event{Kind: Received, ID: m.ID, Name: m.Name, Text: m.Text}) {
		e.From = from
		c.events.emit(e)
	}
}

// greeted takes a link whose hello has come.
func (c *conversation) greeted(l *link, hello *Message) {
	switch {
	case l.run == c.run:
		l.end(codeBusy, "this chat called itself")
		c.once(Event{Kind: Peer, Peer: PeerBusy, Reason: "the peer's address is this chat's own"})
		return
	case c.active == nil:
		c.adopt(l, hello)
		return
	}
	switch settle(c.run, c.active.rival(), l.rival()) {
	case replaceOld:
		old := c.active
		_ = old.conn.Abort()
		c.adopt(l, hello)
	case switchOver:
		c.active.leave(Moved)
		c.adopt(l, hello)
	case keepOld:
		l.adopted = true // the peer may have chosen it before it knew of the other
		l.leave(Moved)
	case refuseNew:
		l.end(codeBusy, "talking with somebody else")
		c.once(Event{Kind: Peer, Peer: PeerBusy, Name: hello.Name, From: l.addr.String(), Reason: "somebody else wanted in and was refused"})
	}
}

// adopt makes a link the one that lines go to.
func (c *conversation) adopt(l *link, hello *Message) {
	c.active, c.told, c.met, c.between = l, false, true, false
	l.since = time.Now()
	c.hello(l)
	if c.dialing != nil {
		c.dialing()
	}
	l.adopted = true
	if c.shown[l.run] == nil {
		if len(c.shown) >= maxLinks {
			c.forgetRuns()
		}
		c.shown[l.run] = &shown{}
	}
	for _, e := range c.peer.heard(hello.Name, l.run) {
		e.From = l.addr.String()
		c.events.emit(e)
	}
}

// linkEnded cleans up after a link. What it took with it waits again.
func (c *conversation) linkEnded(l *link, err error) {
	_ = l.conn.Abort()
	delete(c.links, l)
	c.tally.closed(l)
	l.retire()
	c.outbox.unlink(l.number)
	if c.active == l {
		c.active = nil
	}
	if l.adopted && time.Since(l.since) > steady {
		c.failures = 0
	}
	var byPeer *reliable.PeerError
	switch {
	case errors.As(err, &byPeer) && byPeer.Code == codeBusy:
		c.once(Event{Kind: Peer, Peer: PeerBusy, Reason: "the peer is " + byPeer.Reason})
	case l.saidBye || c.phase >= leaving || c.otherLink(l):
	case !l.adopted && !c.between: // the peer was never on it
	case (l.moved || c.between) && len(c.links) > 0:
		c.between = true
	case errors.Is(err, io.EOF):
		c.lost("it closed the connection without a goodbye")
	default:
		c.lost(endReason(err))
	}
}

// lost reports that the peer is not there any more.
func (c *conversation) lost(reason string) {
	c.between = false
	c.events.emit(c.peer.absent(reason)...)
}

// otherLink reports whether the peer is still there without l.
func (c *conversation) otherLink(l *link) bool {
	for other := range c.links {
		if other != l && other.adopted {
			return true
		}
	}
	return false
}

// once emits news about strangers and refusals once until the peer is there.
func (c *conversation) once(e Event) {
	if !c.told {
		c.told = true
		c.events.emit(e)
	}
}
