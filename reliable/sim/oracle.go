package sim

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"udplab/proto"
	"udplab/reliable/arq"
)

// oracle watches a world and knows nothing of how the protocol works. It
// demands:
//
//   - every message is delivered to the application of the connection it was
//     sent on, once, in order and intact;
//   - every message sent is reported acknowledged or failed at most once, and
//     what is reported acknowledged with everything before it is delivered
//     (checked by settled, once nothing moves any more);
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
	sender    *End
	receiver  *End // nil until a message arrives
	sizes     []int
	delivered int
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

// newMessage makes the next message of an end, n bytes that follow from the
// connection and the message's place in it.
func (o *oracle) newMessage(e *End, n int) []byte {
	s := o.streams[streamKey{e.node.index, e.Conn.LocalID()}]
	s.sizes = append(s.sizes, n)
	o.want = appendMessage(o.want[:0], e.Conn.LocalID(), len(s.sizes)-1, n)
	return o.want
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

// delivered checks a message that reached an application and returns which of
// those sent on its connection it is, from 0, or -1 if it is none that may come
// now.
func (o *oracle) delivered(e *End, msg []byte) int {
	s := o.streams[streamKey{e.peer.index, e.Conn.PeerID()}]
	if s == nil {
		o.fail("%v delivered a message of a connection that its peer does not know", e)
		return -1
	}
	if s.receiver != nil && s.receiver != e {
		o.fail("%v delivered a message that belongs to %v", e, s.receiver)
		return -1
	}
	s.receiver = e
	if s.delivered == len(s.sizes) {
		o.fail("%v delivered %d messages, one more than were sent", e, s.delivered+1)
		return -1
	}
	o.want = appendMessage(o.want[:0], e.Conn.PeerID(), s.delivered, s.sizes[s.delivered])
	if !bytes.Equal(msg, o.want) {
		o.fail("%v delivered %d bytes that are not message %d of %d bytes", e, len(msg), s.delivered, len(o.want))
		return -1
	}
	s.delivered++
	return s.delivered - 1
}

// receipt checks what a connection tells about a message.
func (o *oracle) receipt(e *End, r arq.Receipt) {
	index := int(uint32(r.Seq) - e.firstSeq())
	if index < 0 || index >= len(e.receipts) {
		o.fail("%v reports message %d, which was not sent", e, r.Seq)
		return
	}
	if before := e.receipts[index]; before != arq.Sent {
		o.fail("%v reports message %d %v after %v", e, index, r.State, before)
	}
	e.receipts[index] = r.State
	for e.lastAcked < len(e.receipts) && e.receipts[e.lastAcked] == arq.Acked {
		e.lastAcked++
	}
}

func (e *End) firstSeq() uint32 { return e.node.config.Conn.FirstNumber }

// settled checks what must hold once nothing moves any more: everything that
// was sent over a living connection has arrived, and of an ended one
// everything was reported.
func (o *oracle) settled() {
	for _, e := range o.world.ends {
		if e.forgotten {
			continue
		}
		s := o.streams[streamKey{e.node.index, e.Conn.LocalID()}]
		lost := s.receiver != nil && s.receiver.forgotten || s.receiver == nil && e.peer.lives > 0
		if e.lastAcked > s.delivered && !lost {
			o.fail("%v: %d messages acknowledged, %d delivered", e, e.lastAcked, s.delivered)
		}
		if e.state != arq.Closed {
			if s.delivered != len(s.sizes) || e.lastAcked != len(s.sizes) || len(e.outbox) > 0 {
				o.fail("%v lives: %d messages sent, %d acknowledged, %d delivered, %d not accepted",
					e, len(s.sizes), e.lastAcked, s.delivered, len(e.outbox))
			}
			continue
		}
		if e.Conn.Err() == nil {
			o.fail("%v ended without saying why", e)
		}
		for i, r := range e.receipts {
			if r == arq.Sent {
				o.fail("%v ended and left the sender in the dark about message %d", e, i)
			}
		}
	}
}
