package udp

import (
	"errors"
	"net/netip"
)

// Datagram is what a socket received.
type Datagram struct {
	Bytes []byte // in place: valid until the inbox receives again
	From  netip.AddrPort
	ECN   ECN
	// Truncated says that Bytes is the beginning of a datagram that did not fit
	// the buffer, where the system tells.
	Truncated bool
}

// Inbox is what one goroutine reads a socket with: many datagrams a call where
// the system can.
type Inbox struct {
	socket *Socket
	buffer []byte
	next   Datagram
	more   bool
}

// NewInbox returns what one goroutine reads the socket with.
func (s *Socket) NewInbox() *Inbox {
	return &Inbox{socket: s, buffer: make([]byte, MaxDatagram)}
}

// Receive waits until there is something to read, and reads what one round of
// calls gives.
func (in *Inbox) Receive() error { return in.received(in.socket.Read(in.buffer)) }

// TryReceive is Receive, except that it fails with ErrEmpty rather than wait.
// On a socket that can't tell it always does.
func (in *Inbox) TryReceive() error { return in.received(in.socket.TryRead(in.buffer)) }

func (in *Inbox) received(n int, from netip.AddrPort, mark ECN, err error) error {
	truncated := errors.Is(err, ErrTruncated)
	in.more = err == nil || truncated
	if !in.more {
		return err
	}
	in.next = Datagram{Bytes: in.buffer[:n], From: from, ECN: mark, Truncated: truncated}
	return nil
}

// Waited reports whether the last Receive found nothing at first, so that what
// it read is likely all there is. It is true where that isn't known.
func (in *Inbox) Waited() bool { return in.socket.Waited() }

// Next returns the next datagram of what was read, in place: it is valid until
// the inbox receives again.
func (in *Inbox) Next() (d Datagram, ok bool) {
	if !in.more {
		return Datagram{}, false
	}
	in.more = false
	return in.next, true
}
