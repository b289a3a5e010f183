package udp

import "net/netip"

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
	native *mailbag // nil on the portable rung
	buffer []byte   // of the portable rung

	messages []message // read and not given yet
	lone     [1]message
}

// NewInbox returns what one goroutine reads the socket with.
func (s *Socket) NewInbox() *Inbox {
	in := &Inbox{socket: s}
	if s.messages != nil {
		in.native = newMailbag(s.messages)
	} else {
		in.buffer = make([]byte, MaxDatagram)
	}
	return in
}

// Receive waits until there is something to read, and reads what one round of
// calls gives. An error is of one datagram or of the path unless the socket is
// closed or interrupted, and the next Receive goes on.
func (in *Inbox) Receive() (err error) {
	in.messages = nil // or a socket that waits would keep its last buffer from the next
	if in.native != nil {
		in.messages, err = in.native.receive(true)
		return err
	}
	n, from, err := in.socket.read(in.buffer)
	if err != nil {
		return err
	}
	in.socket.ladder.receiveCalls.Add(1)
	in.lone[0] = message{bytes: in.buffer[:n], from: from}
	in.messages = in.lone[:]
	return nil
}

// TryReceive is Receive, except that it fails with ErrEmpty rather than wait.
// On a socket that can't tell it always does.
func (in *Inbox) TryReceive() (err error) {
	in.messages = nil
	if in.native == nil {
		return ErrEmpty
	}
	in.messages, err = in.native.receive(false)
	return err
}

// Drained reports whether what the last round read is likely all there is: it
// had to be waited for, or there was less than asked for. It is true where that
// isn't known.
func (in *Inbox) Drained() bool { return in.native == nil || in.native.drained() }

// Next returns the next datagram of what was read, in place: it is valid until
// the inbox receives again.
func (in *Inbox) Next() (d Datagram, ok bool) {
	if len(in.messages) == 0 {
		return Datagram{}, false
	}
	d, more := in.messages[0].next()
	if !more {
		in.messages = in.messages[1:]
	}
	return d, true
}

// message is what the system gave as one: a datagram, or several of one sender
// and one mark that it joined.
type message struct {
	bytes   []byte
	from    netip.AddrPort
	segment int // the size of each datagram but the last, as far as the system tells
	ecn     ECN
	cut     bool // the buffer was too small for it
}

// next takes the next datagram out of a message, and reports whether there are
// more. Only the last can have been cut.
func (m *message) next() (d Datagram, more bool) {
	d = Datagram{Bytes: m.bytes, From: m.from, ECN: m.ecn}
	if more = m.segment > 0 && m.segment < len(m.bytes); more {
		d.Bytes = m.bytes[:m.segment:m.segment]
		m.bytes = m.bytes[m.segment:]
	} else {
		d.Truncated = m.cut
	}
	return d, more
}

// count is how many datagrams next will give.
func (m *message) count() int {
	if m.segment <= 0 || m.segment >= len(m.bytes) {
		return 1
	}
	return (len(m.bytes) + m.segment - 1) / m.segment
}
