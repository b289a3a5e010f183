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
	ordinal    int            // among all ends of the node, from 1
	forgotten  bool
	removed    bool
	state      arq.State
	armed      time.Duration // time of the earliest event that wakes this end
	wakes      wakes
	manualRead bool

	outbox     []int // sizes of messages to send as the send buffer has room
	finishDue  bool  // Finish once the outbox is empty
	finished   bool  // nothing more may be queued
	closeDue   bool  // Close once the outbox is empty
	closeCode  uint32
	reason     string
	lastAcked  int // messages acknowledged without one before them missing
	receipts   []arq.ReceiptState
	beside     int // messages sent that the oracle does not know
	readCount  int
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

// Queue has messages of the given sizes in bytes sent as soon as the send
// buffer has room for them. What is in them is the oracle's business.
func (e *End) Queue(sizes ...int) {
	e.node.world.did(step{verb: verbSend, node: e.node.index, conn: e.ordinal, numbers: sizes})
	if !e.finished {
		e.outbox = append(e.outbox, sizes...)
	}
	e.settle()
}

// Waiting is the number of queued messages that the send buffer has not had
// room for yet.
func (e *End) Waiting() int { return len(e.outbox) }

// Read takes up to n messages. It is for ends of a node with ManualRead.
func (e *End) Read(n int) {
	e.node.world.did(step{verb: verbRead, node: e.node.index, conn: e.ordinal, numbers: []int{n}})
	e.read(n)
}

func (e *End) read(n int) {
	for range n {
		if e.forgotten || !e.readOne() {
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
		if e.manualRead || !e.readOne() {
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

// feed gives the connection what waits in the outbox.
func (e *End) feed() {
	for len(e.outbox) > 0 && e.Conn.CanSend() && e.Conn.Err() == nil {
		msg := e.node.world.oracle.newMessage(e, e.outbox[0])
		if _, err := e.Conn.Send(e.node.world.now, msg, true); err != nil {
			e.node.world.oracle.fail("%v refuses a message: %v", e, err)
			return
		}
		e.outbox = e.outbox[1:]
		e.receipts = append(e.receipts, arq.Sent)
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
	e.node.ledger.moved(w, e, w.places[e.at])
	e.node.endpoint.Moved(e.Conn)
	w.note(Observation{Kind: Moved, Node: e.node, End: e, Peer: e.peer, PeerAddr: e.at})
}

// readOne takes one message to the application.
func (e *End) readOne() bool {
	w := e.node.world
	msg, ok := e.Conn.Receive(w.now)
	if !ok {
		return false
	}
	arriving := [][]byte{msg}
	if w.Tamper != nil {
		arriving = w.Tamper(e, msg)
	}
	for _, m := range arriving {
		e.readCount++
		message := w.oracle.delivered(e, m)
		w.note(Observation{Kind: Delivered, Node: e.node, End: e, Datagram: m, Message: message})
	}
	return true
}

// takeReceipts notes what became of the messages sent.
func (e *End) takeReceipts() {
	for {
		r, ok := e.Conn.Receipt()
		if !ok {
			return
		}
		e.node.world.oracle.receipt(e, r)
	}
}

func (e *End) noteState() {
	if s := e.Conn.State(); s != e.state {
		e.state = s
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
