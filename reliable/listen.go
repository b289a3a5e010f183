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

// Listener is one address and the connections on it. It accepts connections
// and can dial from the same address, which is what two peers behind known
// addresses need. Its methods are safe for concurrent use.
type Listener struct {
	config   Config
	shards   []*shard // one if Config.Shards does not say otherwise
	ours     bool     // the sockets are closed with the listener
	alone    bool     // the listener exists for one dialed connection
	epoch    time.Time
	newAlarm func(s *udp.Socket, ring func()) udp.Alarm // what timing waits on
	running  sync.WaitGroup                             // readers, and goroutines of alarms that have one
	closing  atomic.Bool
	stopping sync.Once

	mu       sync.Mutex // guards what is below; taken after a connection's lock
	endpoint *arq.Endpoint
	backlog  []*Conn
	accepts  waiters
	overflow uint64 // connections that found the backlog full
	closed   bool
	failure  error // why the reader ended, if Close did not ask for it
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
	sockets, err := udp.ListenShards(network, local, config.or().Shards)
	if err != nil {
		return nil, fmt.Errorf("reliable: listen: %w", err)
	}
	for _, s := range sockets {
		s.Limit(offload)
	}
	l := newListener(config, sockets...)
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
	socket := udp.New(pc)
	socket.Limit(offload)
	l := newListener(config, socket)
	l.start(true)
	return l, nil
}

func newListener(config *Config, sockets ...*udp.Socket) *Listener {
	l := &Listener{config: config.or(), epoch: time.Now()}
	l.newAlarm = func(s *udp.Socket, ring func()) udp.Alarm { return s.NewAlarm(ring, &l.running) }
	for _, s := range sockets {
		l.shards = append(l.shards, &shard{Listener: l, socket: s})
	}
	return l
}

// start begins to read. listen: hellos are answered.
func (l *Listener) start(listen bool) {
	var secret [32]byte
	rand.Read(secret[:]) // never fails: see crypto/rand
	for _, shard := range l.shards {
		shard.timing = newDeadlines(l.now, (*Conn).timeout, func(ring func()) udp.Alarm { return l.newAlarm(shard.socket, ring) })
		shard.socket.Enlarge(l.config.socketBuffer())
	}
	one := l.shards[0] // they are all alike
	conn := l.config.arq(one.timing.alarm.Granularity())
	// What a peer sends before it hears of us must fit the buffer granted. Later
	// its rate follows what arrives, and its window what was read.
	conn.FirstWindow = one.socket.ReceiveBuffer()
	conn.ECN = one.socket.CarriesECN()
	if !one.socket.KeepWhole() && conn.FixedPacket == 0 {
		conn.FixedPacket = proto.MinHello
	}
	l.endpoint = arq.NewEndpoint(arq.EndpointConfig{
		Conn: conn, Listen: listen, Rendezvous: l.config.Rendezvous,
		MaxConns: l.config.MaxConns, Random: randomID, Secret: secret,
	})
	for _, shard := range l.shards {
		l.running.Go(shard.read)
	}
}

// randomID is a connection id nobody can guess.
func randomID() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.NativeEndian.Uint64(b[:])
}

func (l *Listener) now() time.Duration { return time.Since(l.epoch) }

// Addr is the listener's address.
func (l *Listener) Addr() net.Addr { return l.shards[0].socket.LocalAddr() }

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
		return l.adopt(machine, addr, l.shards[(l.endpoint.Len()-1)%len(l.shards)]), true, nil
	}
	return machine.Tag.(*Conn), false, nil
}

// adopt wraps a connection the endpoint made. l.mu is held.
func (l *Listener) adopt(machine *arq.Conn, addr netip.AddrPort, on *shard) *Conn {
	c := &Conn{listener: l, shard: on, machine: machine, peer: addr}
	c.main.conn = c
	machine.Tag = c
	return c
}

// announce hands a connection that a peer opened to Accept.
func (l *Listener) announce(c *Conn) (taken bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.backlog) >= l.config.backlog() {
		l.overflow++
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
	c.shard.timing.update(c, 0, false)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.endpoint.Remove(c.machine)
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
	conns := l.endpoint.Conns()
	l.accepts.wake()
	l.mu.Unlock()
	for _, machine := range conns {
		machine.Tag.(*Conn).abort()
	}
}

// stop makes the reader leave, and does not wait for it: the reader itself may
// be what calls it.
func (l *Listener) stop() (err error) {
	l.stopping.Do(func() {
		l.closing.Store(true)
		l.closeTimings()
		for _, s := range l.shards {
			if l.ours {
				err = errors.Join(err, s.socket.Close())
			} else {
				s.socket.Interrupt()
			}
		}
	})
	return err
}

// closeTimings ends all deadlines.
func (l *Listener) closeTimings() {
	for _, s := range l.shards {
		s.timing.close()
	}
}

func (l *Listener) closedError() error {
	if l.failure != nil {
		return fmt.Errorf("reliable: %w", l.failure)
	}
	return ErrClosed
}

// Stats returns a snapshot of what the listener's sockets saw.
func (l *Listener) Stats() EndpointStats {
	s := EndpointStats{SendRung: RungSegments, ReceiveRung: RungSegments}
	for _, shard := range l.shards {
		shard.addTo(&s)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.endpoint.Stats()
	s.UnknownConnection, s.RetriesSent, s.ResetsSent = r.UnknownConnection, r.Retries, r.Resets
	s.HandshakesRefused = r.Refused + l.overflow
	s.Connections = l.endpoint.Len()
	return s
}

// isClosed reports whether a socket error means that the socket is closed.
func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }
