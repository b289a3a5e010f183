package reliable

import (
	"errors"
	"net/netip"
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

// read is the socket's one goroutine: every datagram is parsed, routed to its
// connection and handled there, and what follows from it is sent, before the
// next is read.
func (l *Listener) read() {
	if !l.ours {
		defer l.socket.Resume() // the caller may want to read it again
	}
	buf := make([]byte, udp.MaxDatagram)
	reply := make([]byte, 0, proto.MinHello)
	var packet proto.Packet
	for failures := 0; ; {
		n, from, err := l.socket.Read(buf)
		switch {
		case err == nil:
			failures = 0
			l.received(from, buf[:n], &packet, reply)
		case l.closing.Load():
			return
		case isClosed(err): // under us, by whoever owns it
			l.endAll(err)
			l.timing.close()
			return
		default: // a datagram of ours found nobody; the connection's timers judge
			if failures++; failures >= readFailuresInARow {
				time.Sleep(readPause)
			}
		}
	}
}

// received is the way of one datagram.
func (l *Listener) received(from netip.AddrPort, datagram []byte, p *proto.Packet, reply []byte) {
	n := &l.counters
	n.datagramsReceived.Add(1)
	n.bytesReceived.Add(uint64(len(datagram)))
	now := l.now()
	var r arq.Route
	switch err := proto.Parse(datagram, p); {
	case err == nil:
		r = l.route(now, from, p, len(datagram), reply)
	case errors.Is(err, proto.ErrNotPacket):
		n.notPackets.Add(1)
	case errors.Is(err, proto.ErrChecksum):
		n.checksum.Add(1)
	case errors.Is(err, proto.ErrVersion):
		n.version.Add(1)
		l.mu.Lock()
		r = l.endpoint.VersionReply(p.Hello.SourceID, len(datagram), reply)
		l.mu.Unlock()
	default:
		n.malformed.Add(1)
	}
	if len(r.Reply) > 0 {
		l.write(r.Reply, from)
	}
	if r.Replaced != nil {
		r.Replaced.Tag.(*Conn).input(func(m *arq.Conn, _ time.Duration) { m.Superseded() })
	}
	if r.Conn != nil {
		r.Conn.Tag.(*Conn).receive(p, len(datagram), r.New)
	}
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
func (l *Listener) write(b []byte, to netip.AddrPort) {
	if err := l.socket.Write(b, to); err != nil {
		l.counters.sendErrors.Add(1)
		return
	}
	l.counters.datagramsSent.Add(1)
	l.counters.bytesSent.Add(uint64(len(b)))
}
