package sim

import (
	"net/netip"
	"time"

	"udplab/reliable/arq"
)

// End is one end of a connection with its application.
type End struct {
	Conn *arq.Conn

	node, peer *Node
	at         netip.AddrPort // where the connection says its peer is
	index      int            // among all ends of the world
	moves      int            // of its peer
	ordinal    int            // among all ends of the node, from 1
	forgotten  bool
	removed    bool
	state      arq.State
	armed      time.Duration // time of the earliest event that wakes this end
	wakes      wakes
	manualRead bool
	hold       uint8         // channel whose messages wait for ReadOn; 0: none
	promptFrom time.Duration // since then messages are read as they come, but for those two

	outbox     []queued // messages to send as the send buffer has room
	finishDue  bool     // Finish once the outbox is empty
	finished   bool     // nothing more may be queued
	closeDue   bool     // Close once the outbox is empty
	closeCode  uint32
	reason     string
	lastAcked  int // messages acknowledged without one before them missing
	receipts   []arq.ReceiptState
	beside     int                     // messages sent that the oracle does not know
	fates      [arq.Skipped + 1]uint64 // receipts by state, Sent left out
	sentBytes  uint64                  // in messages, in all
	openBytes  int                     // in messages whose fate is open
	readCount  int
	taken      uint64 // messages the connection gave
	takenBytes uint64
	packets    uint64 // handed to the connection
	packetsOut uint64
	watch      watch
}

// Node returns the node the end is at.
func (e *End) Node() *Node { return e.node }

// Peer returns the node at the other end.
func (e *End) Peer() *Node { return e.peer }

// Delivered is the number of messages the application has taken.
func (e *End) Delivered() int { return e.readCount }

// queued is a message that waits for the send buffer.
type queued struct {
	size    int
	options arq.SendOptions
}

// Queue has messages of the given sizes in bytes sent as soon as the send
// buffer has room for them, in order on channel 0. What is in them is the
// oracle's business.
func (e *End) Queue(sizes ...int) { e.QueueOn(arq.SendOptions{}, sizes...) }

// QueueOn is Queue for any lane. The lifetime of a message begins when the
// connection takes it. All messages are tracked.
func (e *End) QueueOn(o arq.SendOptions, sizes ...int) {
	e.enqueue(o, sizes...)
	e.settle()
}

// enqueue is QueueOn without a packet leaving yet, so that what follows may share
// one.
func (e *End) enqueue(o arq.SendOptions, sizes ...int) {
	w := e.node.world
	o.Tracked = true
	w.did(step{verb: verbSend, node: e.node.index, conn: e.ordinal, numbers: sizes, options: o})
	w.usesChannel(o.Channel)
	if !e.finished {
		for _, size := range sizes {
			e.outbox = append(e.outbox, queued{size, o})
		}
	}
}

// SetLane says how urgent the messages of a channel are from now on.
func (e *End) SetLane(channel uint8, l arq.Lane) {
	e.node.world.did(step{
		verb: verbLane, node: e.node.index, conn: e.ordinal, options: arq.SendOptions{Channel: channel},
		numbers: []int{int(l.Priority), int(l.Weight)},
	})
	e.Conn.SetLane(channel, l)
	e.settle()
}

// Waiting is the number of queued messages that the send buffer has not had
// room for yet.
func (e *End) Waiting() int { return len(e.outbox) }

// Read takes up to n messages, from the lowest channels that have some. It is
// for ends of a node with ManualRead.
func (e *End) Read(n int) {
	e.node.world.did(step{verb: verbRead, node: e.node.index, conn: e.ordinal, numbers: []int{n}})
	e.read(n)
}

func (e *End) read(n int) {
	for range n {
		if e.forgotten || !e.readAny() {
			break
		}
	}
	e.settle()
}

// ReadOn takes up to n messages of a channel.
func (e *End) ReadOn(channel uint8, n int) {
	e.node.world.did(step{
		verb: verbRead, node: e.node.index, conn: e.ordinal, numbers: []int{n}, options: arq.SendOptions{Channel: channel},
	})
	for range n {
		if e.forgotten || !e.readOne(channel) {
			break
		}
	}
	e.settle()
}

// Finish ends the sending side once everything queued was given to it; what is
// queued later is dropped.
func (e *End) Finish() {
	e.node.world.did(step{verb: verbFinish, node: e.node.index, conn: e.ordinal})
	e.finishDue, e.finished = true, true
	e.settle()
}

// Close ends the connection once everything queued was given to it.
func (e *End) Close(code uint32, reason string) {
	e.node.world.did(step{verb: verbClose, node: e.node.index, conn: e.ordinal, numbers: []int{int(code)}, reason: reason})
	e.close(code, reason)
}

func (e *End) close(code uint32, reason string) {
	e.closeDue, e.closeCode, e.reason = true, code, reason
	e.settle()
}

// Abort ends the connection at once.
func (e *End) Abort(code uint32, reason string) {
	e.node.world.did(step{verb: verbAbort, node: e.node.index, conn: e.ordinal, numbers: []int{int(code)}, reason: reason})
	e.Conn.Abort(code, reason)
	e.settle()
}

// wake is called when the time of an event has come that this end asked for.
func (e *End) wake(at time.Duration) {
	if e.armed != at || e.forgotten || e.removed || e.node.paused {
		return
	}
	e.armed = never
	now := e.node.world.now
	due, ok := e.Conn.NextTimeout()
	if !ok {
		return
	}
	if due > now {
		e.arm()
		return
	}
	if e.wakes.tooMany(now) {
		e.node.world.oracle.fail("%v: a timer ran out %d times at one moment", e, wakeLimit)
		return
	}
	e.Conn.HandleTimeout(now)
	e.settle()
}

// settle drains everything the connection has to give, as a driver does after
// every input.
func (e *End) settle() {
	w := e.node.world
	if e.forgotten || e.removed {
		return
	}
	for {
		e.feed()
		e.drain()
		if e.manualRead || !e.readAny() {
			break
		}
	}
	e.takeReceipts()
	e.noteState()
	if w.oracle.checkStats(e); e.state == arq.Closed {
		if at, ok := e.Conn.NextTimeout(); ok {
			w.oracle.fail("%v is closed and has a timer at %v", e, at)
		}
		e.node.endpoint.Remove(e.Conn)
		e.removed = true
		return
	}
	e.arm()
}

// feed gives the connection what waits in the outbox, of each channel as far as
// there is room for it.
func (e *End) feed() {
	w := e.node.world
	for len(e.outbox) > 0 && e.hasRoom(e.outbox[0]) {
		if !w.oracle.send(e, e.outbox[0]) {
			return
		}
		e.outbox = e.outbox[1:]
	}
	if len(e.outbox) > 0 && len(w.channels) > 1 && e.Conn.Err() == nil {
		kept := e.outbox[:0]
		for _, q := range e.outbox {
			if !e.hasRoom(q) || !w.oracle.send(e, q) {
				kept = append(kept, q)
			}
		}
		e.outbox = kept
	}
	if e.finishDue && len(e.outbox) == 0 {
		e.finishDue = false
		e.Conn.Finish(e.node.world.now)
	}
	if e.closeDue && len(e.outbox) == 0 {
		e.closeDue = false
		e.Conn.Close(e.node.world.now, e.closeCode, e.reason)
	}
}

func (e *End) hasRoom(q queued) bool {
	return e.Conn.Err() == nil && e.Conn.CanSendOn(q.options.Channel, q.options.Mode)
}

// drain sends the packets the connection has to send.
func (e *End) drain() {
	w := e.node.world
	for {
		before := e.Conn.Stats()
		out, to, ok := e.Conn.AppendPacket(w.now, w.out[:0])
		w.out = out
		if !ok {
			e.followPeer()
			return
		}
		e.packetsOut++
		e.followPeer()
		e.noteState()
		place := w.places[to]
		w.oracle.sent(e, place, out, &before)
		e.node.send(place, out, e.Conn.ECN())
	}
}

// followPeer tells the endpoint when the connection's peer is elsewhere.
func (e *End) followPeer() {
	if e.Conn.Peer() == e.at {
		return
	}
	w := e.node.world
	e.at = e.Conn.Peer()
	e.moves++
	e.node.ledger.moved(w, e, w.places[e.at])
	e.node.endpoint.Moved(e.Conn)
	w.note(Observation{Kind: Moved, Node: e.node, End: e, Peer: e.peer, PeerAddr: e.at})
}

// prompt reports whether messages of a channel are read as they come.
func (e *End) prompt(channel uint8) bool {
	return !e.manualRead && (e.hold == 0 || e.hold != channel)
}

// readAny takes one message to the application, of the lowest channel that has
// one and is not held.
func (e *End) readAny() bool {
	for _, channel := range e.node.world.channels {
		if (e.manualRead || e.prompt(channel)) && e.readOne(channel) {
			return true
		}
	}
	return false
}

// readOne takes one message of a channel to the application.
func (e *End) readOne(channel uint8) bool {
	w := e.node.world
	d, ok := e.Conn.ReceiveOn(w.now, channel)
	if !ok {
		return false
	}
	e.taken++
	e.takenBytes += uint64(len(d.Data))
	arriving := []arq.Delivery{d}
	if w.Tamper != nil {
		arriving = w.Tamper(e, d)
	}
	for _, d := range arriving {
		e.readCount++
		message, number := w.oracle.delivered(e, channel, &d)
		w.note(Observation{
			Kind: Delivered, Node: e.node, End: e, Datagram: d.Data, Message: message,
			Channel: channel, Mode: d.Mode, Number: number, Skipped: d.Skipped,
		})
	}
	if w.Tamper == nil && len(d.Data) > 0 {
		e.node.config.Conn.Buffers.Put(d.Data)
	}
	return true
}

// takeReceipts notes what became of the messages sent.
func (e *End) takeReceipts() {
	w := e.node.world
	for {
		r, ok := e.Conn.Receipt()
		if !ok {
			return
		}
		message, number := w.oracle.receipt(e, r)
		if r.State != arq.Sent && !reliable(r.Mode) {
			w.note(Observation{
				Kind: Settled, Node: e.node, End: e, Message: message,
				Channel: r.Channel, Mode: r.Mode, Number: number, Receipt: r.State,
			})
		}
	}
}

func (e *End) noteState() {
	if s := e.Conn.State(); s != e.state {
		e.state = s
		if s == arq.Closed {
			e.node.world.oracle.ended(e)
		}
		e.node.world.note(Observation{Kind: Changed, Node: e.node, End: e})
	}
}

// arm makes sure that an event comes when the connection wants to be woken.
// An event that comes too early does no harm, so a deadline that moves away
// needs none.
func (e *End) arm() {
	if e.forgotten || e.removed {
		return
	}
	at, ok := e.Conn.NextTimeout()
	if ok && e.node.Timer != nil {
		at = max(at, e.node.Timer(at))
	}
	if !ok || at >= e.armed {
		return
	}
	e.armed = max(at, e.node.world.now)
	e.node.world.schedule(e.armed, eventEnd, e.index)
}

// String names the end in failure messages.
func (e *End) String() string {
	return e.node.name + "→" + e.peer.name + " (" + e.Conn.State().String() + ")"
}
