package raw

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"udplab/proto"
)

// MaxMessage is the largest message in bytes: what a datagram of 65,507 bytes,
// the most UDP over IPv4 carries, has left beside the packet's own fields. A
// system may allow less (macOS: 9,216 bytes unless told otherwise) and refuses
// the send then; a network may drop what it would have to fragment.
const MaxMessage = proto.MaxDatagram - proto.RawOverhead

// ErrTooLarge is returned for a message of more than MaxMessage bytes.
var ErrTooLarge = errors.New("raw: message larger than a datagram")

// Conn sends messages to one peer and hands over what comes in, over one
// socket. Send, SendText, Stats and Close are safe for concurrent use; Receive
// is for one goroutine at a time. It runs no goroutine of its own.
type Conn struct {
	socket socket
	peer   netip.AddrPort
	stream uint64
	epoch  time.Time

	closed chan struct{}
	close  func() error
	absent atomic.Bool // a send learned that the peer is not there; Receive tells

	sending struct {
		sync.Mutex
		seq    uint64 // of the next message
		packet proto.Raw
		buf    []byte
		stats  Stats // the sending half
	}

	counting sync.Mutex // guards streams and received; never held while reading
	streams  streams
	received Stats // the receiving half, accounts not included

	// Owned by the goroutine in Receive.
	in      []byte
	parsed  proto.Packet
	pending Event
	pause   time.Duration // after a failed read
}

// New makes a Conn on pc that sends to peer. It takes pc over: the Conn is its
// only reader and Close closes it. Sockets of package net are used without
// allocating; any other net.PacketConn must take and give *net.UDPAddr.
func New(pc net.PacketConn, peer netip.AddrPort, cfg *Config) (*Conn, error) {
	if !peer.IsValid() || peer.Port() == 0 {
		return nil, fmt.Errorf("raw: peer address %s: need an address and a port", peer)
	}
	peer = unmap(peer)
	c := &Conn{
		socket: newSocket(pc, peer),
		peer:   peer,
		stream: cfg.stream(),
		epoch:  time.Now(),
		closed: make(chan struct{}),
		in:     make([]byte, proto.MaxDatagram+1), // one more shows a datagram that is too long
	}
	c.close = sync.OnceValue(func() error {
		close(c.closed)
		return pc.Close()
	})
	c.socket.prepare(cfg.receiveBuffer())
	return c, nil
}

// Send sends one message in one datagram and returns its number in the stream,
// from 0. The error says why the system refused it; nil means that it left, and
// nothing more: UDP gives no knowledge of what arrives. That nobody listens at
// the peer's port is no error but an event, PeerAbsent. msg is not kept.
func (c *Conn) Send(msg []byte) (seq uint64, err error) {
	if len(msg) > MaxMessage {
		return 0, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(msg), MaxMessage)
	}
	s := &c.sending
	s.Lock()
	defer s.Unlock()
	seq = s.seq
	s.seq++ // a refused message is missing on the other side as well
	s.packet = proto.Raw{
		Stream:  c.stream,
		Seq:     uint32(seq),
		SentAt:  uint64(time.Since(c.epoch).Microseconds()),
		Payload: msg,
	}
	s.buf = proto.AppendRaw(s.buf[:0], &s.packet)
	s.packet.Payload = nil
	if err := c.write(s.buf); err != nil {
		return seq, err
	}
	s.stats.Sent++
	s.stats.MessageBytesSent += uint64(len(msg))
	return seq, nil
}

// write sends one datagram to the peer. The lock of sending is held.
//
// A system reports on a send what happened to an earlier one, and then has not
// sent this one: hence the further tries.
func (c *Conn) write(b []byte) error {
	const tries = 3
	var err error
	for range tries {
		if err = c.socket.write(b); err == nil {
			c.sending.stats.BytesSent += uint64(len(b))
			return nil
		}
		if !isAbsent(err) {
			break
		}
		c.sending.stats.PeerAbsent++
		c.socket.drainErrors()
		c.absent.Store(true)
		c.wake()
	}
	c.sending.stats.SendErrors++
	return fmt.Errorf("raw: send to %s: %w", c.peer, err)
}

// wake makes a read in progress return, so that Receive looks around. Should
// none be in progress the next one returns at once and is repeated.
func (c *Conn) wake() { c.socket.setReadDeadline(time.Unix(1, 0)) }

// Stats is a snapshot of the counters.
func (c *Conn) Stats() Stats {
	c.counting.Lock()
	s := c.received
	s.of(c.streams.stats())
	if c.streams.heard > 0 {
		s.Restarts = c.streams.heard - 1
	}
	c.counting.Unlock()

	c.sending.Lock()
	defer c.sending.Unlock()
	s.Sent = c.sending.stats.Sent
	s.BytesSent = c.sending.stats.BytesSent
	s.MessageBytesSent = c.sending.stats.MessageBytesSent
	s.TextSent = c.sending.stats.TextSent
	s.SendErrors = c.sending.stats.SendErrors
	s.PeerAbsent += c.sending.stats.PeerAbsent
	return s
}

// LocalAddr is the socket's own address.
func (c *Conn) LocalAddr() net.Addr { return c.socket.pc.LocalAddr() }

// Peer is where Send sends to.
func (c *Conn) Peer() netip.AddrPort { return c.peer }

// Stream is the number that names this Conn's messages to the peer.
func (c *Conn) Stream() uint64 { return c.stream }

// Close closes the socket and ends a Receive in progress. There is nothing to
// drain: what was sent has left. It is idempotent.
func (c *Conn) Close() error { return c.close() }

// isClosed reports whether Close was called.
func (c *Conn) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// randomStream draws the id of a stream. It is 64 bits so that two runs never
// meet on one; it is no secret.
func randomStream() uint64 {
	var b [8]byte
	rand.Read(b[:]) // never fails: crypto/rand
	return binary.BigEndian.Uint64(b[:])
}

// sleep waits, or less if ctx ends or the Conn is closed.
func (c *Conn) sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-c.closed:
	}
}
