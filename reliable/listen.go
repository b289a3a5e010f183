package reliable

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
	"udplab/reliable/arq"
	"udplab/reliable/internal/udp"
)

// Listener is one socket and the connections on it. It accepts connections
// and can dial from the same socket, which is what two peers behind known
// addresses need. Its methods are safe for concurrent use.
type Listener struct {
	config   Config
	socket   *udp.Socket
	ours     bool // the socket is closed with the listener
	alone    bool // the listener exists for one dialed connection
	epoch    time.Time
	newAlarm func(ring func()) udp.Alarm // what timing waits on
	timing   *deadlines
	counters counters
	running  sync.WaitGroup // the reader, and the alarm's goroutine if it has one
	closing  atomic.Bool
	stopping sync.Once

	mu       sync.Mutex // guards what is below; taken after a connection's lock
	endpoint *arq.Endpoint
	conns    map[*Conn]struct{}
	backlog  []*Conn
	accepts  waiters
	closed   bool
	failure  error // why the reader ended, if Close did not ask for it
}

// counters are the socket's share of EndpointStats.
type counters struct {
	datagramsReceived, bytesReceived, datagramsSent, bytesSent atomic.Uint64
	notPackets, checksum, malformed, version, sendErrors       atomic.Uint64
	overflow                                                   atomic.Uint64
}

// Listen opens a UDP socket on addr ("host:port", ":port", port 0 to choose)
// and accepts connections there. network is "udp", "udp4" or "udp6".
func Listen(network, addr string, config *Config) (*Listener, error) {
	offload, err := config.offload()
	if err != nil {
		return nil, fmt.Errorf("reliable: listen: %w", err)
	}
	local, err := net.ResolveUDPAddr(network, addr)
	if err != nil {
		return nil, fmt.Errorf("reliable: listen: %w", err)
	}
	c, err := net.ListenUDP(network, local)
	if err != nil {
		return nil, fmt.Errorf("reliable: listen: %w", err)
	}
	l := newListener(udp.New(c), config)
	l.socket.Limit(offload)
	l.ours = true
	l.start(true)
	return l, nil
}

// NewListener accepts connections on pc, whose addresses must be *net.UDPAddr.
// Nobody else may read pc until Close, which stops reading and leaves pc open.
func NewListener(pc net.PacketConn, config *Config) (*Listener, error) {
	if _, ok := pc.LocalAddr().(*net.UDPAddr); !ok {
		return nil, fmt.Errorf("reliable: listen on %v: %w", pc.LocalAddr(), udp.ErrAddress)
	}
	offload, err := config.offload()
	if err != nil {
		return nil, fmt.Errorf("reliable: listen: %w", err)
	}
	l := newListener(udp.New(pc), config)
	l.socket.Limit(offload)
	l.start(true)
	return l, nil
}

func newListener(socket *udp.Socket, config *Config) *Listener {
	l := &Listener{
		config: config.or(), socket: socket, epoch: time.Now(), conns: make(map[*Conn]struct{}),
	}
	l.newAlarm = func(ring func()) udp.Alarm { return socket.NewAlarm(ring, &l.running) }
	return l
}

// start begins to read. listen: hellos are answered.
func (l *Listener) start(listen bool) {
	var secret [32]byte
	rand.Read(secret[:]) // never fails: see crypto/rand
	l.timing = newDeadlines(l.now, (*Conn).timeout, l.newAlarm)
	l.socket.Enlarge(l.config.socketBuffer())
	conn := l.config.arq(l.timing.alarm.Granularity())
	// What a peer sends before it hears of us must fit the buffer granted. Later
	// its rate follows what arrives, and its window what was read.
	conn.FirstWindow = l.socket.ReceiveBuffer()
	conn.ECN = l.socket.CarriesECN()
	if !l.socket.KeepWhole() && conn.FixedPacket == 0 {
		conn.FixedPacket = proto.MinHello
	}
	l.endpoint = arq.NewEndpoint(arq.EndpointConfig{
		Conn: conn, Listen: listen, Rendezvous: l.config.Rendezvous,
		MaxConns: l.config.MaxConns, Random: randomID, Secret: secret,
	})
	l.running.Go(l.read)
}

// randomID is a connection id nobody can guess.
func randomID() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.NativeEndian.Uint64(b[:])
}

func (l *Listener) now() time.Duration { return time.Since(l.epoch) }

// Addr is the socket's address.
func (l *Listener) Addr() net.Addr { return l.socket.LocalAddr() }

// Accept returns the next connection a peer opened. It waits until there is
// one, ctx ends, or the listener is closed (ErrClosed).
func (l *Listener) Accept(ctx context.Context) (*Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.accepts.wait(ctx, &l.mu, nil, func() bool { return len(l.backlog) > 0 || l.closed })
	if err != nil {
		return nil, fmt.Errorf("reliable: accept: %w", err)
	}
	if len(l.backlog) == 0 {
		return nil, l.closedError()
	}
	c := l.backlog[0]
	l.backlog = l.backlog[1:]
	return c, nil
}

// Dial opens a connection to addr from the listener's socket. When the peer
// dials this socket at the same time, both get the same one connection. With
// Config.Rendezvous it returns the connection the peer opened, if there is one.
func (l *Listener) Dial(ctx context.Context, addr netip.AddrPort) (*Conn, error) {
	addr = udp.Unmap(addr)
	for {
		c, made, err := l.dial(addr)
		if err != nil {
			return nil, err
		}
		err = c.opened(ctx, made)
		if err == nil {
			return c, nil
		}
		if made || ctx.Err() != nil {
			return nil, fmt.Errorf("reliable: dial %v: %w", addr, err)
		}
		// What the peer had opened is over: now it is our turn.
	}
}

// dial makes a connection to addr, or finds the one that stands for it.
func (l *Listener) dial(addr netip.AddrPort) (c *Conn, made bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, false, l.closedError()
	}
	machine, made := l.endpoint.Dial(l.now(), addr)
	if made {
		return l.adopt(machine, addr), true, nil
	}
	return machine.Tag.(*Conn), false, nil
}

// adopt wraps a connection the endpoint made. l.mu is held.
func (l *Listener) adopt(machine *arq.Conn, addr netip.AddrPort) *Conn {
	c := &Conn{listener: l, machine: machine, peer: addr}
	c.main.conn = c
	machine.Tag = c
	l.conns[c] = struct{}{}
	return c
}

// announce hands a connection that a peer opened to Accept.
func (l *Listener) announce(c *Conn) (taken bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.backlog) >= l.config.backlog() {
		l.counters.overflow.Add(1)
		return false
	}
	l.backlog = append(l.backlog, c)
	l.accepts.wake()
	return true
}

// moved tells the endpoint that a connection's peer is elsewhere. c.mu is held.
func (l *Listener) moved(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.endpoint.Moved(c.machine)
}

// forget takes a connection out that is over. c.mu is held.
func (l *Listener) forget(c *Conn) {
	l.timing.update(c, 0, false)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.endpoint.Remove(c.machine)
	delete(l.conns, c)
}

// Close ends every connection at once, tells the peers, and stops. It closes
// the socket unless NewListener was given it. Connections that should deliver
// what is queued must be closed before.
func (l *Listener) Close() error {
	l.endAll(nil)
	err := l.stop()
	l.running.Wait()
	return err
}

// endAll refuses new connections and aborts those there are.
func (l *Listener) endAll(failure error) {
	l.mu.Lock()
	l.closed = true
	if l.failure == nil {
		l.failure = failure
	}
	conns := make([]*Conn, 0, len(l.conns))
	for c := range l.conns {
		conns = append(conns, c)
	}
	l.accepts.wake()
	l.mu.Unlock()
	for _, c := range conns {
		c.abort()
	}
}

// stop makes the reader leave, and does not wait for it: the reader itself may
// be what calls it.
func (l *Listener) stop() (err error) {
	l.stopping.Do(func() {
		l.closing.Store(true)
		l.timing.close()
		if l.ours {
			err = l.socket.Close()
		} else {
			l.socket.Interrupt()
		}
	})
	return err
}

func (l *Listener) closedError() error {
	if l.failure != nil {
		return fmt.Errorf("reliable: %w", l.failure)
	}
	return ErrClosed
}

// Stats returns a snapshot of what the socket saw.
func (l *Listener) Stats() EndpointStats {
	n := &l.counters
	s := EndpointStats{
		DatagramsReceived: n.datagramsReceived.Load(), BytesReceived: n.bytesReceived.Load(),
		DatagramsSent: n.datagramsSent.Load(), BytesSent: n.bytesSent.Load(),
		NotPackets: n.notPackets.Load(), ChecksumErrors: n.checksum.Load(),
		Malformed: n.malformed.Load(), UnknownVersion: n.version.Load(),
		SendErrors:    n.sendErrors.Load(),
		KernelDrops:   l.socket.KernelDrops(),
		ReceiveBuffer: l.socket.ReceiveBuffer(), SendBuffer: l.socket.SendBuffer(),
	}
	ladder := l.socket.Ladder()
	s.SendRung, s.ReceiveRung, s.Demotions = ladder.Send, ladder.Receive, ladder.Demotions
	s.SendCalls, s.ReceiveCalls = ladder.SendCalls, ladder.ReceiveCalls
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.endpoint.Stats()
	s.UnknownConnection, s.RetriesSent, s.ResetsSent = r.UnknownConnection, r.Retries, r.Resets
	s.HandshakesRefused = r.Refused + n.overflow.Load()
	s.Connections = l.endpoint.Len()
	return s
}

// isClosed reports whether a socket error means that the socket is closed.
func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }
