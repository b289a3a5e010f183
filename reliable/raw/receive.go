package raw

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"
	"unicode/utf8"

	"udplab/proto"
)

// Receive waits for the next event. Its error is ctx's, or net.ErrClosed after
// Close; no datagram and no state of the network ends a Conn. A datagram that
// has already arrived wins over a context that is already done.
//
// Event.Payload is valid until the next call.
func (c *Conn) Receive(ctx context.Context) (Event, error) {
	if c.pending.Kind != 0 {
		e := c.pending
		c.pending = Event{}
		return e, nil
	}
	if ctx.Err() != nil {
		// In the future, for a deadline in the past refuses what is there.
		c.socket.setReadDeadline(time.Now().Add(time.Millisecond))
	} else if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, c.wake)
		defer stop()
	}
	for {
		if c.absent.Swap(false) {
			return Event{Kind: PeerAbsent}, nil
		}
		n, from, err := c.socket.read(c.in)
		if err == nil {
			c.pause = 0
			if e, ok := c.sort(c.in[:n], from); ok {
				return e, nil
			}
			continue
		}
		if err := c.readFailed(ctx, err); err != nil {
			return Event{}, err
		}
	}
}

// readFailed decides whether to read again.
func (c *Conn) readFailed(ctx context.Context, err error) error {
	switch {
	case c.isClosed(), errors.Is(err, net.ErrClosed):
		return net.ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		// Somebody called wake. First clear, then look: a wake in between
		// sets the deadline again and is not lost.
		c.socket.setReadDeadline(time.Time{})
		return ctx.Err()
	case isAbsent(err):
		c.socket.drainErrors()
		c.count(func(s *Stats) { s.PeerAbsent++ })
		c.absent.Store(true)
		return nil
	}
	c.count(func(s *Stats) { s.ReceiveErrors++ })
	// A socket that keeps failing must not become a busy loop.
	c.pause = min(max(2*c.pause, time.Millisecond), 100*time.Millisecond)
	c.sleep(ctx, c.pause)
	return ctx.Err()
}

// sort decides what a datagram is and counts it. ok is false for what is only
// counted.
func (c *Conn) sort(b []byte, from netip.AddrPort) (e Event, ok bool) {
	err := proto.Parse(b, &c.parsed)
	switch {
	case err == nil && c.parsed.Type == proto.TypeRaw:
		return c.message(len(b), from), true
	case err == nil, errors.Is(err, proto.ErrVersion):
		c.count(func(s *Stats) { s.WrongMode++; s.BytesReceived += uint64(len(b)) })
		return Event{Kind: WrongMode, From: from}, true
	case errors.Is(err, proto.ErrChecksum), c.firstByteDamaged(b):
		e := Event{Kind: Damaged, From: from}
		if proto.ParseDamagedRaw(b, &c.parsed.Raw) {
			e.Stream, e.Payload = c.parsed.Raw.Stream, c.parsed.Raw.Payload
		}
		c.count(func(s *Stats) { s.Corrupt++; s.BytesReceived += uint64(len(b)) })
		return e, true
	case errors.Is(err, proto.ErrNotPacket):
		c.count(func(s *Stats) { s.Text++; s.BytesReceived += uint64(len(b)) })
		return Event{Kind: Text, From: from, Payload: b}, true
	}
	c.count(func(s *Stats) { s.Malformed++; s.BytesReceived += uint64(len(b)) })
	return Event{}, false
}

// message accounts for the raw packet just parsed from a datagram of size bytes.
func (c *Conn) message(size int, from netip.AddrPort) Event {
	p := &c.parsed.Raw
	c.counting.Lock()
	c.received.Received++
	c.received.BytesReceived += uint64(size)
	c.received.MessageBytesReceived += uint64(len(p.Payload))
	hadPeer := c.streams.heard > 0
	arrival, isNew := c.streams.receive(time.Since(c.epoch), p.Stream, p.Seq, p.SentAt)
	c.counting.Unlock()

	e := Event{Kind: Message, From: from, Stream: p.Stream, Arrival: arrival, Payload: p.Payload}
	if hadPeer && isNew {
		c.pending = e
		return Event{Kind: PeerRestarted, From: from, Stream: p.Stream}
	}
	return e
}

// firstByteDamaged reports whether b is a raw packet but for its first byte,
// which tells packets from text. Only then does the right first byte make the
// checksum right; b has it afterwards. Text that is UTF-8 is believed.
func (c *Conn) firstByteDamaged(b []byte) bool {
	if len(b) == 0 || utf8.Valid(b) {
		return false
	}
	was := b[0]
	b[0] = rawFirstByte
	if proto.Parse(b, &c.parsed) == nil && c.parsed.Type == proto.TypeRaw {
		return true
	}
	b[0] = was
	return false
}

// rawFirstByte starts every raw packet: an array of six elements (SPEC 4).
const rawFirstByte = 0x96

func (c *Conn) count(change func(*Stats)) {
	c.counting.Lock()
	defer c.counting.Unlock()
	change(&c.received)
}
