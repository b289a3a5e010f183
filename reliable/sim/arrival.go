package sim

import (
	"udplab/proto"
	"udplab/reliable/arq"
)

// What is whole is delivered: no message waits for one of another lane, and on
// lanes without order none waits at all. The oracle follows the bytes of each
// message on their way into a connection, and demands that the application can
// read at once what its mode lets it have.

// came notes what a packet brought to a connection that took it in.
func (o *oracle) came(e *End, d *proto.Data) {
	s := o.streams[streamKey{e.peer.index, e.Conn.PeerID()}]
	if state := e.Conn.State(); s == nil || state != arq.Open && state != arq.Draining {
		return
	}
	frames := d.Frames()
	var f proto.Frame
	for frames.Next(&f) {
		if f.Type != proto.FrameMessage && f.Type != proto.FrameFragment {
			continue
		}
		l := s.lane(f.Message.Channel, f.Message.Mode)
		i := -1
		if l != nil {
			i = int(int32(f.Message.Seq - uint32(l.first)))
		}
		if i < 0 || i >= len(l.messages) || l.messages[i].size != int(f.Message.Size) {
			continue // forged
		}
		switch {
		case reliable(l.mode):
			l.brought(i, &f.Message)
			e.watch.due = append(e.watch.due, dueMessage{l, i})
		case l.mode != proto.ModeDeadline && f.Type == proto.FrameMessage:
			// Of those in parts only so many are kept, and a deadline may be over.
			l.messages[i].whole = true
			e.watch.due = append(e.watch.due, dueMessage{l, i})
		}
	}
}

// dueMessage is a message of which something arrived just now.
type dueMessage struct {
	lane *lane
	i    int
}

// brought enters the bytes of a frame.
func (l *lane) brought(i int, f *proto.Message) {
	m := &l.messages[i]
	if m.whole {
		return
	}
	m.arrived.add(int(f.Offset), int(f.Offset)+len(f.Payload))
	if m.arrived.all(m.size) {
		m.whole, m.arrived = true, nil
	}
	for l.whole < len(l.messages) && l.messages[l.whole].whole {
		l.whole++
	}
}

// readAtOnce demands that an application that reads what it can has what just
// arrived.
func (o *oracle) readAtOnce(e *End) {
	for _, d := range e.watch.due {
		if state := e.Conn.State(); !e.prompt(d.lane.channel) || state != arq.Open && state != arq.Draining {
			continue
		}
		switch l := d.lane; {
		case l.mode == proto.ModeOrdered && l.next < l.whole:
			o.fail("%v withholds: %v has %d messages whole and in order, and delivered %d", e, l, l.whole, l.next)
		case l.mode != proto.ModeOrdered && l.messages[d.i].whole && !l.messages[d.i].delivered && (!forward(l.mode) || d.i >= l.next):
			o.fail("%v withholds: message %d of %v is whole and not delivered", e, d.i, l)
		}
	}
	e.watch.due = e.watch.due[:0]
}
