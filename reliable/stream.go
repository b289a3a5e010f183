package reliable

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// maxWrite is the most bytes of a stream that go into one message: few enough
// that the reader gets them while the rest is on its way.
const maxWrite = 16 << 10

var _ net.Conn = (*Conn)(nil)

// Read implements net.Conn: the peer's messages as one stream of bytes. Empty
// messages do not show.
func (c *Conn) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if expired(c.readDeadline) {
		return 0, c.opError("read", os.ErrDeadlineExceeded)
	}
	if len(b) == 0 {
		return 0, nil
	}
	for len(c.partial) == 0 {
		if err := c.main.awaitReadable(context.Background(), &c.readDeadline); err != nil {
			return 0, c.opError("read", err)
		}
		c.reading = c.take(0).Data
		c.partial = c.reading
	}
	n := copy(b, c.partial)
	if c.partial = c.partial[n:]; len(c.partial) == 0 {
		buffers{}.Put(c.reading)
		c.reading, c.partial = nil, nil
	}
	return n, nil
}

// Write implements net.Conn. It returns once everything is queued; see Close.
func (c *Conn) Write(b []byte) (n int, err error) {
	c.mu.Lock()
	late := expired(c.writeDeadline)
	c.mu.Unlock()
	if late {
		return 0, c.opError("write", os.ErrDeadlineExceeded)
	}
	for n < len(b) {
		part := b[n:min(n+maxWrite, len(b))]
		if _, err := c.main.send(context.Background(), part, SendOptions{}, &c.writeDeadline); err != nil {
			return n, c.opError("write", err)
		}
		n += len(part)
	}
	return n, nil
}

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readDeadline, c.writeDeadline = t, t
	c.main.reads.wake()
	c.main.writes.wake()
	return nil
}

// SetReadDeadline implements net.Conn. It bounds Read, not Receive.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readDeadline = t
	c.main.reads.wake()
	return nil
}

// SetWriteDeadline implements net.Conn. It bounds Write, not Send.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeDeadline = t
	c.main.writes.wake()
	return nil
}

func expired(deadline time.Time) bool {
	return !deadline.IsZero() && !deadline.After(time.Now())
}

// opError dresses err as package net does. io.EOF stays bare.
func (c *Conn) opError(op string, err error) error {
	switch {
	case err == io.EOF:
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = os.ErrDeadlineExceeded // bare, so that net.OpError.Timeout sees it
	}
	return &net.OpError{Op: op, Net: "udp", Source: c.LocalAddr(), Addr: net.UDPAddrFromAddrPort(c.peer), Err: err}
}
