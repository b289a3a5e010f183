package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"udplab/reliable"
)

// Close codes of the chat, as the other side's PeerError shows them.
const (
	codeBusy    = 1 // this side talks with somebody else
	codeNotChat = 2 // what came was not a chat's
)

const (
	maxLinks = 8               // connections at a time, whoever opened them
	patience = time.Second     // until a person is told that nobody answers
	farewell = 2 * time.Second // for the goodbye, after the lines
	lastWord = farewell / 8    // the same, when Close may wait no longer
	steady   = 5 * time.Second // what lived as long may be dialed again at once
	maxRun   = 64              // bytes of the name of a run
)

// conversation is the goroutine of a reliable session. It goes through
//
//	talking --Close--> draining --all acknowledged, or time is up--> leaving --> over
//
// and its fields are its own.
type conversation struct {
	*reliableSession
	phase    phase
	contacts chan contact
	outbox   outbox
	peer     presence
	links    map[*link]bool
	count    int   // links ever
	active   *link // where lines go; nil while the peer is away
	// between says that the peer moved to a connection on which its hello has not
	// been read yet: the readers of two connections race.
	between bool

	shown map[string]*shown // by run of the peer

	dialing  context.CancelFunc // nil = no dial under way
	failures int                // attempts to connect since the peer was there
	told     bool               // PeerBusy or PeerOtherMode since then
	failed   int                // lines given up
	met      bool
	deadline <-chan struct{}  // of draining
	timeUp   <-chan time.Time // of leaving
	why      error            // of draining, if it was cut short
}

type phase uint8

const (
	talking phase = iota
	draining
	leaving
	over
)

func newConversation(s *reliableSession) *conversation {
	return &conversation{
		reliableSession: s,
		contacts:        make(chan contact),
		links:           map[*link]bool{},
		shown:           map[string]*shown{},
	}
}

// loop runs the session to its end.
func (c *conversation) loop() {
	retire := c.watch.endpoint(c.endpoint.Stats)
	c.routines.Go(c.accept)
	impatient := time.NewTicker(patience)
	for c.phase != over {
		c.proceed()
		if c.phase == over {
			break
		}
		select {
		case in := <-c.inputs:
			c.handle(in)
		case k := <-c.contacts:
			c.contact(k)
		case l := <-c.says:
			c.say(l)
		case ctx := <-c.leave:
			c.phase, c.deadline = draining, ctx.Done()
			c.why = context.DeadlineExceeded
		case <-c.deadline:
			c.giveUp()
		case <-c.timeUp:
			for l := range c.links {
				_ = l.conn.Abort() // what has come already is still shown
			}
		case <-impatient.C:
			c.impatient()
		}
	}
	impatient.Stop()
	c.finish()
	retire()
	close(c.ended)
	close(c.events)
}

// proceed does what the state of things allows: dial, give lines to a link,
// close links, go on to the next phase.
func (c *conversation) proceed() {
	c.waiting()
	if len(c.links) == 0 && c.dialing == nil && c.target.IsValid() && c.phase < leaving {
		ctx, cancel := context.WithCancel(c.base)
		c.dialing = cancel
		pause := backoff(c.failures)
		c.failures++
		c.routines.Go(func() { c.dial(ctx, pause) })
	}
	if c.phase == draining && len(c.outbox.lines) == 0 {
		c.depart(farewell)
	}
	for l := range c.links {
		switch {
		case l.busy || l.closed:
		case l.word != 0:
			c.give(l, 0, Message{Kind: l.word, ID: c.tally.sent.Load()})
			l.word = 0
		case l.hangUp && !c.outbox.underWay(l.number):
			l.closed = true
			l.out <- outgoing{hangUp: true, code: l.code, cause: l.cause}
		}
	}
	if l := c.active; l != nil && !l.busy && !l.leaving {
		if id, text, ok := c.outbox.take(l.number); ok {
			c.give(l, id, Message{Kind: Text, ID: id, Text: text})
		}
	}
	if c.phase == leaving && len(c.links) == 0 {
		c.phase = over
	}
}

// give hands a message to a link's sender, which is free.
func (c *conversation) give(l *link, id uint64, m Message) {
	m.Name = *c.name.Load()
	l.busy = true
	l.out <- outgoing{id: id, msg: m.Encode()}
}

func (c *conversation) say(l said) {
	if c.phase != talking { // it came between Close and its end
		close(l.id)
		<-c.room
		return
	}
	id := c.outbox.add(l.text)
	l.id <- id
	c.report([]Event{{Kind: Queued, ID: id, Text: l.text}})
}

// waiting publishes how many lines are not delivered.
func (c *conversation) waiting() { c.tally.waiting.Store(int64(len(c.outbox.lines))) }

// report emits events about own lines, and counts them.
func (c *conversation) report(events []Event) {
	for _, e := range events {
		switch e.Kind {
		case Sent:
			c.tally.sent.Add(1)
		case Acked:
			c.tally.delivered.Add(1)
			<-c.room
		case Failed:
			c.failed++
			<-c.room
		}
	}
	c.waiting()
	c.events.emit(events...)
}

// contact takes a new connection, or the failure to get one.
func (c *conversation) contact(k contact) {
	if k.dialed && c.dialing != nil {
		c.dialing()
		c.dialing = nil
	}
	if k.err != nil {
		if !errors.Is(k.err, context.Canceled) {
			c.events.emit(c.peer.absent(endReason(k.err))...)
		}
		return
	}
	for l := range c.links {
		if l.conn == k.conn {
			return // both sides dialed at once, and it is one connection
		}
	}
	if c.phase >= leaving || len(c.links) >= maxLinks {
		_ = k.conn.Abort()
		return
	}
	c.count++
	ctx, cancel := context.WithCancel(c.base)
	l := &link{
		number: c.count,
		conn:   k.conn,
		dialed: k.dialed,
		addr:   addrOf(k.conn),
		out:    make(chan outgoing, 1),
		cancel: cancel,
		retire: c.watch.conn(k.conn.Stats),
	}
	c.links[l] = true
	c.tally.opened(l)
	if l.dialed {
		c.hello(l)
	}
	c.routines.Go(func() { l.serve(ctx, c.tell) })
}

// hello tells the peer who this is. Who dialed says it at once; who was called
// answers with it if the caller may stay, so that nobody who is about to be
// refused believes to be in.
func (c *conversation) hello(l *link) {
	if !l.helloed {
		l.helloed = true
		c.give(l, 0, Message{Kind: Hello, ID: c.tally.sent.Load(), Text: c.run})
	}
}

// handle takes what a link has to tell.
func (c *conversation) handle(in input) {
	l := in.link
	switch {
	case in.message != nil:
		c.arrived(in)
	case in.empty:
		c.emptied(l)
	case in.numbered != nil:
		l.busy = false
		l.acks.begin(in.numbered.seq)
		c.report(c.outbox.numbered(in.numbered.id, handle{l.number, in.numbered.seq}))
		c.acked(l)
	case in.receipt != nil:
		switch r := in.receipt; r.State {
		case reliable.Sent:
			c.report(c.outbox.receipt(handle{l.number, r.Seq}, receipt{}))
		case reliable.Acked:
			l.acks.acked(r.Seq, r.Retransmits)
			c.acked(l)
		}
	case in.ended:
		l.queue.over = true
		c.arrived(in)
	}
}

// acked reports the lines that the peer's program can have.
func (c *conversation) acked(l *link) {
	for {
		seq, r, ok := l.acks.take()
		if !ok {
			return
		}
		c.report(c.outbox.receipt(handle{l.number, seq}, r))
	}
}

// impatient looks, once in a while, at why the peer has never been there, and
// says so.
func (c *conversation) impatient() {
	if c.met {
		return
	}
	if c.target.IsValid() {
		c.events.emit(c.peer.absent("nobody answers at " + c.target.String())...)
	} else {
		c.events.emit(c.peer.absent(fmt.Sprintf("nobody called %s yet", c.LocalAddr()))...)
	}
	switch e := c.endpoint.Stats(); {
	case e.NotPackets > 1: // a single one may be a packet whose first byte was hit
		c.once(Event{Kind: Peer, Peer: PeerOtherMode, Reason: "bare text comes in, which reliable mode cannot read: is the peer a tutorial chat?"})
	case e.UnknownConnection > e.ResetsSent: // a packet of an ended connection gets a reset, a raw one nothing
		c.once(Event{Kind: Peer, Peer: PeerOtherMode, Reason: "what comes in is not of reliable mode: does the peer run raw mode?"})
	}
}
