package reliable

import (
	"errors"
	"net/netip"
	"runtime"
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

// reader is the state of the goroutine that reads a socket.
type reader struct {
	*Listener
	buf, reply []byte
	packet     proto.Packet
	unsettled  []*Conn // have handled packets of this batch, and sent nothing yet
	failures   int     // to read, in a row
}

// read is the goroutine that reads the socket: every datagram is parsed,
// routed to its connection and handled there. What follows from it is sent
// when nothing more is there to read, or after a batch: a flood of datagrams
// is acknowledged by few, and wakes those who wait for it once.
func (l *Listener) read() {
	if !l.ours {
		defer l.socket.Resume() // the caller may want to read it again
	}
	r := &reader{Listener: l, buf: make([]byte, udp.MaxDatagram), reply: make([]byte, 0, proto.MinHello)}
	for {
		n, from, mark, err := l.socket.Read(r.buf)
		if r.received(n, from, mark, err) {
			return
		}
		count := 1
		// What had to be waited for is likely alone, and to look for more would
		// cost it the time of a system call.
		for ; count < batchSize && !l.socket.Waited(); count++ {
			n, from, mark, err = l.socket.TryRead(r.buf)
			if errors.Is(err, udp.ErrEmpty) {
				break
			}
			if r.received(n, from, mark, err) {
				return
			}
		}
		r.settle()
		if count == batchSize {
			// While there is something to read, a socket is read without ever
			// giving up the processor, and those who wait for what arrived
			// would find the whole window at once.
			runtime.Gosched()
		}
	}
}

// received takes in the outcome of a read, and reports whether it was the last.
func (r *reader) received(n int, from netip.AddrPort, mark udp.ECN, err error) (over bool) {
	switch {
	case err == nil:
		r.failures = 0
		r.handle(from, mark, r.buf[:n])
	case errors.Is(err, udp.ErrTruncated):
		r.failures = 0
		r.counters.datagramsReceived.Add(1)
		r.counters.bytesReceived.Add(uint64(n))
		r.counters.malformed.Add(1) // too large to be a packet
	case r.closing.Load():
		return true
	case isClosed(err): // under us, by whoever owns it
		r.endAll(err)
		r.timing.close()
		return true
	default: // a datagram of ours found nobody; the connection's timers judge
		if r.failures++; r.failures >= readFailuresInARow {
			time.Sleep(readPause)
		}
	}
	return false
}

// handle is the way of one datagram.
func (r *reader) handle(from netip.AddrPort, mark udp.ECN, datagram []byte) {
	n := &r.counters
	n.datagramsReceived.Add(1)
	n.bytesReceived.Add(uint64(len(datagram)))
	now := r.now()
	var to arq.Route
	switch err := proto.Parse(datagram, &r.packet); {
	case err == nil:
		to = r.route(now, from, &r.packet, len(datagram), r.reply)
	case errors.Is(err, proto.ErrNotPacket):
		n.notPackets.Add(1)
	case errors.Is(err, proto.ErrChecksum):
		n.checksum.Add(1)
	case errors.Is(err, proto.ErrVersion):
		n.version.Add(1)
		r.mu.Lock()
		to = r.endpoint.VersionReply(r.packet.Hello.SourceID, len(datagram), r.reply)
		r.mu.Unlock()
	default:
		n.malformed.Add(1)
	}
	if len(to.Reply) > 0 {
		r.write(to.Reply, from, udp.NotECT)
	}
	if to.Replaced != nil {
		to.Replaced.Tag.(*Conn).input(func(m *arq.Conn, _ time.Duration) { m.Superseded() })
	}
	if to.Conn != nil {
		if c := to.Conn.Tag.(*Conn); c.receive(from, mark, &r.packet, len(datagram), to.New) {
			r.unsettled = append(r.unsettled, c)
		}
	}
}

// settle settles each connection that the batch touched.
func (r *reader) settle() {
	for i, c := range r.unsettled {
		c.settleBatch()
		r.unsettled[i] = nil
	}
	r.unsettled = r.unsettled[:0]
}

func (l *Listener) route(now time.Duration, from netip.AddrPort, p *proto.Packet, size int, reply []byte) arq.Route {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.endpoint.Route(now, from, p, size, reply)
	if r.New {
		l.adopt(r.Conn, from).incoming = true
	}
	return r
}

// write sends one datagram. An error is counted and otherwise taken for loss:
// that is what the machinery above repairs.
func (l *Listener) write(b []byte, to netip.AddrPort, mark udp.ECN) {
	if err := l.socket.Write(b, to, mark); err != nil {
		l.counters.sendErrors.Add(1)
		return
	}
	l.counters.datagramsSent.Add(1)
	l.counters.bytesSent.Add(uint64(len(b)))
}
