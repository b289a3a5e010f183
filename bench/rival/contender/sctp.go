package contender

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"github.com/pion/sctp"
	"github.com/pion/transport/v5/udp"
)

// pionSCTP is pion's SCTP straight over UDP, without the DTLS that WebRTC puts
// between. pion/transport hands each association its datagrams at the
// listening end, as SCTP itself has no sockets; the dialing end has a connected
// socket.
func pionSCTP() Contender {
	return Contender{
		Name:   SCTPName,
		About:  "SCTP over UDP, messages, plain (no DTLS), RACK, 4 MiB receive buffer, writes that wait; a datagram a call, pion/transport/udp tells associations apart",
		Module: "github.com/pion/sctp",
		Listen: func(o Options) (Listener, error) {
			config := udp.ListenConfig{Backlog: backlog, ReadBufferSize: rawBuffer, WriteBufferSize: rawBuffer, AcceptFilter: opensAssociation}
			l, err := config.Listen("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				return nil, err
			}
			return newSCTPListener(l, o), nil
		},
		NewDialer: func(o Options) (Dialer, error) { return sctpDialer{o}, nil },
	}
}

// opensAssociation reports whether a datagram's first chunk is an INIT (RFC 9260,
// sections 3.1 and 3.3.2). Others come late, from a client whose end here is
// closed: a connection made for one of them would be accepted while the listener
// closes, which its WaitGroup answers with a panic.
func opensAssociation(datagram []byte) bool {
	const commonHeader, initChunk = 12, 1
	return len(datagram) > commonHeader && datagram[commonHeader] == initChunk
}

// sctpOptions are those of both ends.
func sctpOptions(conn net.Conn, o Options) []sctp.AssociationOption {
	options := []sctp.AssociationOption{
		sctp.WithNetConn(conn), sctp.WithBlockWrite(true),
		sctp.WithMaxReceiveBufferSize(4 << 20), sctp.WithMaxMessageSize(64 << 10),
	}
	if o.Packet != 0 {
		options = append(options, sctp.WithMTU(uint32(o.Packet)))
	}
	return options
}

func sctpServe(conn net.Conn, o Options) (*sctp.Association, error) {
	var options []sctp.ServerOption
	for _, option := range sctpOptions(conn, o) {
		options = append(options, option)
	}
	return sctp.ServerWithOptions(options...)
}

func sctpDial(conn net.Conn, o Options) (*sctp.Association, error) {
	var options []sctp.ClientOption
	for _, option := range sctpOptions(conn, o) {
		options = append(options, option)
	}
	return sctp.ClientWithOptions(options...)
}

// sctpListener shakes hands with every peer as soon as it comes, in a goroutine
// for each, as every server of this library has to.
type sctpListener struct {
	listener net.Listener
	options  Options
	ready    chan *sctpPipe
	closed   chan struct{}
	once     sync.Once
	work     sync.WaitGroup
}

func newSCTPListener(l net.Listener, o Options) *sctpListener {
	s := &sctpListener{listener: l, options: o, ready: make(chan *sctpPipe), closed: make(chan struct{})}
	s.work.Go(s.accept)
	return s
}

func (l *sctpListener) Addr() netip.AddrPort { return addrPort(l.listener.Addr()) }

func (l *sctpListener) accept() {
	for {
		conn, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.work.Go(func() { l.greet(&sctpPipe{conn: conn, options: l.options}) })
	}
}

// greet shakes hands and hands the pipe to Accept.
func (l *sctpListener) greet(p *sctpPipe) {
	shaken := make(chan struct{})
	l.work.Go(func() {
		select {
		case <-l.closed:
			_ = p.Close()
		case <-shaken:
		}
	})
	association, err := sctpServe(p.conn, l.options)
	close(shaken)
	if err != nil || p.use(association) != nil {
		_ = p.Close()
		return
	}
	select {
	case l.ready <- p:
	case <-l.closed:
		_ = p.Close()
	}
}

func (l *sctpListener) Accept(ctx context.Context) (Pipe, error) {
	select {
	case p := <-l.ready:
		return p, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *sctpListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	err := l.listener.Close()
	l.work.Wait()
	return err
}

type sctpDialer struct{ options Options }

func (d sctpDialer) Dial(ctx context.Context, to netip.AddrPort) (Pipe, error) {
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(rawBuffer)
	_ = conn.SetWriteBuffer(rawBuffer)
	p := &sctpPipe{conn: conn, options: d.options}
	defer context.AfterFunc(ctx, func() { _ = p.Close() })()
	association, err := sctpDial(conn, d.options)
	if err == nil {
		if err = p.use(association); err == nil {
			p.stream, err = association.OpenStream(0, sctp.PayloadTypeWebRTCBinary)
		}
	}
	if err != nil {
		_ = p.Close()
		return nil, err
	}
	return p, nil
}

func (sctpDialer) Close() error { return nil }

// sctpPipe is an association and its only stream.
type sctpPipe struct {
	conn    net.Conn
	options Options
	stream  *sctp.Stream // the listening end learns of it with the first data

	mu          sync.Mutex
	association *sctp.Association // nil until the handshake is over
	closed      bool
}

// use keeps an association, unless the pipe was closed meanwhile.
func (p *sctpPipe) use(association *sctp.Association) error {
	p.mu.Lock()
	closed := p.closed
	p.association = association
	p.mu.Unlock()
	if closed {
		_ = association.Close()
		return net.ErrClosed
	}
	return nil
}

func (p *sctpPipe) Send(msg []byte) error {
	_, err := p.stream.Write(msg)
	return err
}

func (p *sctpPipe) Receive(buf []byte) (int, error) {
	if p.stream == nil {
		stream, err := p.association.AcceptStream()
		if err != nil {
			return 0, err
		}
		p.stream = stream
	}
	return p.stream.Read(buf)
}

// Close closes the socket beneath: nothing waits for the peer.
func (p *sctpPipe) Close() error {
	p.mu.Lock()
	association, closed := p.association, p.closed
	p.closed = true
	p.mu.Unlock()
	switch {
	case closed:
		return nil
	case association == nil:
		return p.conn.Close()
	}
	return association.Close()
}
