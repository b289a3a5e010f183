package reliable

import (
	"errors"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"udplab/proto"
	"udplab/reliable/arq"
	"udplab/reliable/internal/udp"
)

// A socket that fails to read again and again, for a reason we can't know,
// must neither end the connections nor take a whole core.
const (
	readFailuresInARow = 16
	readPause          = 10 * time.Millisecond
)

// batchSize is how many datagrams are handled before anything is sent for
// them. It bounds how long an acknowledgment waits for others, to what this
// many datagrams take: some tens of microseconds.
const batchSize = 64

// replyRoom holds a retry, the longest of the answers that no connection gives.
const replyRoom = 64

// reader is the state of the goroutine that reads a socket.
type reader struct {
	*shard
	inbox     *udp.Inbox
	reply     []byte
	packet    *proto.Packet // borrowed for a batch
	held      *Conn         // its lock is held: the next packet is likely its own, too
	heldID    uint64        // what its peer calls it; meaningless without held
	unsettled []*Conn       // have handled packets of this batch, and sent nothing yet
	failures  int           // to read, in a row
}

// packets are what datagrams are parsed into. An idle socket holds none: one is
// half as large as a connection, and refers to the buffer it was read from.
var packets = sync.Pool{New: func() any { return new(proto.Packet) }}

// read is the goroutine that reads the socket: every datagram is parsed,
// routed to its connection and handled there. What follows from it is sent
// when nothing more is there to read, or after a batch: a flood of datagrams
// is acknowledged by few, and wakes those who wait for it once. The clock is
// read once for what one call of the system gave, and a connection is locked
// once for as many packets as come for it in a row.
func (s *shard) read() {
	if !s.ours {
		defer s.socket.Resume() // the caller may want to read it again
	}
	r := &reader{shard: s, inbox: s.socket.NewInbox(), reply: make([]byte, 0, replyRoom)}
	for {
		count, over := r.received(r.inbox.Receive())
		if over {
			return
		}
		// To look for more where there is likely none would cost what was read
		// the time of a system call.
		for count < batchSize && !r.inbox.Drained() {
			err := r.inbox.TryReceive()
			if errors.Is(err, udp.ErrEmpty) {
				break
			}
			more, over := r.received(err)
			if over {
				return
			}
			count += more
		}
		reads := r.settle()
		r.giveBack()
		if count >= batchSize || reads && count == 1 {
			// While there is something to read, a socket is read without ever
			// giving up the processor, and those who wait for what arrived would
			// find the whole window at once. And what came alone is likely asked
			// for: the answer is on its way before we look for more.
			runtime.Gosched()
		}
	}
}

// received takes in the outcome of a read: how many datagrams it brought, and
// whether it was the last.
func (r *reader) received(err error) (count int, over bool) {
	switch {
	case err == nil:
		r.failures = 0
		if r.packet == nil {
			r.packet = packets.Get().(*proto.Packet)
		}
		now := r.now()
		for {
			d, ok := r.inbox.Next()
			if !ok {
				break
			}
			r.handle(now, &d)
			count++
		}
		r.release()
	case r.closing.Load():
		return 0, true
	case isClosed(err): // under us, by whoever owns it
		r.endAll(err)
		r.closeTimings()
		return 0, true
	default: // a datagram of ours found nobody; the connection's timers judge
		if r.failures++; r.failures >= readFailuresInARow {
			time.Sleep(readPause)
		}
	}
	return count, false
}

// giveBack returns what was borrowed for the batch.
func (r *reader) giveBack() {
	if r.packet != nil {
		packets.Put(r.packet)
		r.packet = nil
	}
}

// handle is the way of one datagram.
func (r *reader) handle(now time.Duration, d *udp.Datagram) {
	n := &r.counters
	n.datagramsReceived.Add(1)
	n.bytesReceived.Add(uint64(len(d.Bytes)))
	if d.Truncated {
		n.malformed.Add(1) // too large to be a packet
		return
	}
	var to arq.Route
	switch err := proto.Parse(d.Bytes, r.packet); {
	case err == nil:
		if c := r.held; c != nil && r.packet.Type == proto.TypeData && r.packet.Data.DestID == r.heldID && !c.forgotten {
			r.deliver(now, d, c, false)
			return
		}
		r.release()
		to = r.route(now, d.From, r.packet, len(d.Bytes), r.reply)
	case errors.Is(err, proto.ErrNotPacket):
		n.notPackets.Add(1)
	case errors.Is(err, proto.ErrChecksum):
		n.checksum.Add(1)
	case errors.Is(err, proto.ErrVersion):
		n.version.Add(1)
		r.mu.Lock()
		to = r.endpoint.VersionReply(r.packet.Hello.SourceID, len(d.Bytes), r.reply)
		r.mu.Unlock()
	default:
		n.malformed.Add(1)
	}
	if len(to.Reply) > 0 {
		r.write(to.Reply, len(to.Reply), 1, d.From, udp.NotECT)
	}
	if to.Replaced != nil {
		to.Replaced.Tag.(*Conn).input(func(m *arq.Conn, _ time.Duration) { m.Superseded() })
	}
	if to.Conn != nil {
		c := to.Conn.Tag.(*Conn)
		c.mu.Lock()
		r.deliver(now, d, c, to.New)
		if r.packet.Type == proto.TypeData && !c.forgotten {
			r.held, r.heldID = c, r.packet.Data.DestID
		} else {
			c.mu.Unlock()
		}
	}
}

// deliver gives a packet to its connection, whose lock is held.
func (r *reader) deliver(now time.Duration, d *udp.Datagram, c *Conn, fresh bool) {
	if c.receive(now, d, r.packet, fresh) {
		r.unsettled = append(r.unsettled, c)
	}
}

// release unlocks the connection that the reader holds.
func (r *reader) release() {
	if r.held != nil {
		r.held.mu.Unlock()
		r.held = nil
	}
}

// settle settles each connection that the batch touched, and reports whether
// that woke a call that waits for a message.
func (r *reader) settle() (reads bool) {
	if len(r.unsettled) == 0 {
		return false
	}
	now := r.now()
	for i, c := range r.unsettled {
		reads = c.settleBatch(now) || reads
		r.unsettled[i] = nil
	}
	r.unsettled = r.unsettled[:0]
	return reads
}

func (s *shard) route(now time.Duration, from netip.AddrPort, p *proto.Packet, size int, reply []byte) arq.Route {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.endpoint.Route(now, from, p, size, reply)
	if r.New {
		s.adopt(r.Conn, from, s).incoming = true
	}
	return r
}
