package sim

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"udplab/proto"
	"udplab/reliable/arq"
)

// oracle watches a world and knows nothing of how the protocol works. It
// demands:
//
//   - every message that is delivered was sent on that lane of that connection,
//     is intact, and is delivered once;
//   - in the order its mode promises (ordered: all in order; latest, sequenced,
//     deadline: never behind a newer one), with the number of those left out,
//     and before its deadline, as far as clocks that are not compared can tell;
//   - what is whole is delivered at once, unless its own lane keeps it back (see
//     arrival.go);
//   - of every message sent the last word is said once, and it is one of its
//     mode; what is skipped for the sender is never delivered;
//   - once nothing moves any more (settled), a living connection has said the
//     last word about every message. What is acknowledged was delivered, but for
//     what was overtaken, and of the mode latest, the newest is. Of the mode
//     deadline, everything was delivered and acknowledged, or skipped on both
//     sides;
//   - only packets that arrived are acknowledged;
//   - bytes in flight never exceed the window, but for probes;
//   - an address that is not proven is never sent more than came from it;
//   - a timer moves on when it runs out, and a closed connection has none;
//   - what the connections count is what the world saw.
type oracle struct {
	world   *World
	err     error
	kind    string // of err: what it says it is about
	streams map[streamKey]*stream
	packet  proto.Packet
	want    []byte
}

// streamKey names one direction of a connection: the node that sends, and the
// id it chose.
type streamKey struct {
	node int
	id   uint64
}

// stream is what was sent in one direction of a connection and what of it
// arrived.
type stream struct {
	sender   *End
	receiver *End // nil until a message arrives
	lanes    []*lane
}

func (o *oracle) init(w *World) {
	o.world = w
	o.streams = make(map[streamKey]*stream)
}

// fail records the first thing that went wrong.
func (o *oracle) fail(format string, args ...any) {
	if o.err == nil {
		o.kind = strings.Join(strings.Fields(format)[:2], " ") // "%v delivered"
		o.err = fmt.Errorf("at %v: %s", o.world.now, fmt.Sprintf(format, args...))
	}
}

func (o *oracle) began(e *End) {
	key := streamKey{e.node.index, e.Conn.LocalID()}
	if o.streams[key] != nil {
		o.fail("%v: connection id %x was used before", e, key.id)
	}
	o.streams[key] = &stream{sender: e}
}

// send gives a connection the next message of its application, bytes that follow
// from the connection and the message's place in it. It reports whether the
// connection took it.
func (o *oracle) send(e *End, q queued) bool {
	index := len(e.receipts)
	o.want = appendMessage(o.want[:0], e.Conn.LocalID(), index, q.size)
	number, err := e.Conn.SendOn(o.world.now, q.options, o.want)
	if err != nil {
		o.fail("%v refuses a message: %v", e, err)
		return false
	}
	s := o.streams[streamKey{e.node.index, e.Conn.LocalID()}]
	l := s.lane(q.options.Channel, q.options.Mode)
	if l == nil {
		l = &lane{channel: q.options.Channel, mode: q.options.Mode, first: number}
		s.lanes = append(s.lanes, l)
	}
	if want := l.first + uint64(len(l.messages)); number != want {
		o.fail("%v numbers a message %d behind %d", e, number, want-1)
	}
	l.messages = append(l.messages, message{
		index: index, size: q.size, sentAt: o.world.now, lifetime: q.options.Lifetime,
	})
	e.receipts = append(e.receipts, arq.Sent)
	e.sentBytes += uint64(q.size)
	e.openBytes += q.size
	return true
}

// appendMessage appends the n bytes of the index-th message of a connection:
// words of a counter hashed with both (splitmix64), so that no two messages
// agree in eight bytes.
func appendMessage(dst []byte, id uint64, index, n int) []byte {
	x := id ^ uint64(index)*0x9e3779b97f4a7c15
	end := len(dst) + n
	dst = slices.Grow(dst, n+8)
	for len(dst) < end {
		x += 0x9e3779b97f4a7c15
		z := (x ^ x>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		dst = binary.LittleEndian.AppendUint64(dst, z^z>>31)
	}
	return dst[:end]
}

// delivered checks a message that reached an application. It returns which of
// those sent on its connection it is, and which of its lane, from 0, or -1 if it
// is none that may come now.
func (o *oracle) delivered(e *End, channel uint8, d *arq.Delivery) (index, number int) {
	s := o.streams[streamKey{e.peer.index, e.Conn.PeerID()}]
	if s == nil {
		o.fail("%v delivered a message of a connection that its peer does not know", e)
		return -1, -1
	}
	if s.receiver != nil && s.receiver != e {
		o.fail("%v delivered a message that belongs to %v", e, s.receiver)
		return -1, -1
	}
	s.receiver = e
	l := s.lane(channel, d.Mode)
	i := l.find(d.Seq)
	if i < 0 {
		o.fail("%v delivered message %d of channel %d %v, which was not sent", e, d.Seq, channel, d.Mode)
		return -1, -1
	}
	m := &l.messages[i]
	o.want = appendMessage(o.want[:0], e.Conn.PeerID(), m.index, m.size)
	if !bytes.Equal(d.Data, o.want) {
		o.fail("%v delivered %d bytes that are not message %d of %v, of %d bytes", e, len(d.Data), i, l, m.size)
		return -1, -1
	}
	atOnce := e.prompt(channel) && m.sentAt >= e.promptFrom
	if fault := l.fault(i, o.world.now, d, s.sender.receipts[m.index], atOnce, o.slack(e, s.sender)); fault != "" {
		o.fail("%v delivered message %d of %v %s", e, i, l, fault)
		return -1, -1
	}
	m.delivered = true
	l.next = max(l.next, i+1)
	return m.index, i
}

// receipt checks what a connection tells about a message, and returns which of
// those of its connection and of its lane that is, from 0; -1 if none.
func (o *oracle) receipt(e *End, r arq.Receipt) (index, number int) {
	l := o.streams[streamKey{e.node.index, e.Conn.LocalID()}].lane(r.Channel, r.Mode)
	i := l.find(r.Seq)
	if i < 0 {
		o.fail("%v reports message %d of channel %d %v, which was not sent", e, r.Seq, r.Channel, r.Mode)
		return -1, -1
	}
	m := &l.messages[i]
	if before := e.receipts[m.index]; before != arq.Sent {
		o.fail("%v reports message %d of %v as %v after %v", e, i, l, r.State, before)
		return -1, -1
	}
	switch {
	case !fateOf(l.mode, r.State), r.State == arq.Superseded && i == len(l.messages)-1, r.State == arq.Skipped && m.delivered:
		o.fail("%v reports message %d of %d of %v as %v, delivered: %v", e, i, len(l.messages), l, r.State, m.delivered)
	case r.State != arq.Sent:
		e.receipts[m.index] = r.State
		e.fates[r.State]++
		e.openBytes -= m.size
	}
	for e.lastAcked < len(e.receipts) && e.receipts[e.lastAcked] == arq.Acked {
		e.lastAcked++
	}
	return m.index, i
}

// ended demands that nobody waits in vain for credit of a peer that reads what
// comes.
func (o *oracle) ended(e *End) {
	if e.Conn.Err() != arq.ErrStalled {
		return
	}
	for _, peer := range e.peer.ends {
		if peer.Conn.LocalID() == e.Conn.PeerID() && !peer.manualRead && peer.hold == 0 && peer.promptFrom < o.world.now-patience {
			o.fail("%v stalled, and its peer reads everything", e)
		}
	}
}

// patience is how long a peer has to read before it counts as one that reads.
const patience = 100 * time.Second

// settled checks what must hold once nothing moves any more.
func (o *oracle) settled() {
	for _, e := range o.world.ends {
		if e.forgotten {
			continue
		}
		s := o.streams[streamKey{e.node.index, e.Conn.LocalID()}]
		lost := s.receiver != nil && s.receiver.forgotten || s.receiver == nil && e.peer.lives > 0
		for _, l := range s.lanes {
			o.settledLane(e, s, l, lost)
		}
		switch alive := e.state != arq.Closed; {
		case alive && len(e.outbox) > 0:
			o.fail("%v lives: %d messages not accepted", e, len(e.outbox))
		case alive && s.receiver != nil && s.receiver.state != arq.Closed:
			o.passedOver(s)
		case !alive && e.Conn.Err() == nil:
			o.fail("%v ended without saying why", e)
		}
	}
}

// settledLane demands that the last word was said of every message, and that it
// is true; lost says that the receiver forgot what was delivered to it.
func (o *oracle) settledLane(e *End, s *stream, l *lane, lost bool) {
	acked, delivered := 0, 0
	inTurn := true // everything up to here is acknowledged
	for i := range l.messages {
		m := &l.messages[i]
		fate := e.receipts[m.index]
		inTurn = inTurn && fate == arq.Acked
		if m.delivered {
			delivered++
		}
		if fate == arq.Acked && (inTurn || e.state != arq.Closed || l.mode == proto.ModeUnordered) {
			acked++ // what waits for its turn when the connection ends is not delivered
		}
		switch {
		case fate == arq.Sent && e.state == arq.Closed:
			o.fail("%v ended and left the sender in the dark about message %d of %v", e, i, l)
		case fate == arq.Sent:
			o.fail("%v lives: the sender knows nothing of message %d of %d of %v", e, i, len(l.messages), l)
		}
	}
	if lost {
		return
	}
	overtaken := forward(l.mode) && l.mode != proto.ModeOrdered && l.mode != proto.ModeDeadline
	dropped := 0
	if s.receiver != nil && !reliable(l.mode) {
		dropped = int(s.receiver.Conn.Stats().MessagesDropped)
	}
	switch newest := len(l.messages) - 1; {
	case !overtaken && acked > delivered+dropped:
		o.fail("%v: %d messages of %v acknowledged, %d delivered", e, acked, l, delivered)
	case overtaken && acked > 0 && l.next == 0 && dropped == 0:
		o.fail("%v: %d messages of %v acknowledged, none delivered", e, acked, l)
	case e.state == arq.Closed:
	case reliable(l.mode) && delivered < len(l.messages):
		o.fail("%v lives: %d messages of %v sent, %d delivered", e, len(l.messages), l, delivered)
	case l.mode == proto.ModeLatest && !l.messages[newest].delivered:
		o.fail("%v lives: the newest message of %v was not delivered", e, l)
	case l.mode == proto.ModeDeadline && acked < delivered:
		o.fail("%v lives: %d messages of %v delivered, %d acknowledged", e, delivered, l, acked)
	}
}

// passedOver demands that the receiver passed over what its peer says is
// skipped.
func (o *oracle) passedOver(s *stream) {
	missing := uint64(0)
	for _, l := range s.lanes {
		if l.mode != proto.ModeDeadline {
			continue
		}
		for i := range l.messages {
			if !l.messages[i].delivered {
				missing++
			}
		}
	}
	c := s.receiver.Conn.Stats()
	if c.MessagesPassedOver > missing || c.MessagesPassedOver+c.MessagesDropped < missing {
		o.fail("%v counts %d messages passed over and %d dropped, the world %d not delivered",
			s.receiver, c.MessagesPassedOver, c.MessagesDropped, missing)
	}
}
