package table

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
	"udplab/reliable"
)

// circuit is the stage of real time: two sockets on loopback and a proxy
// between them, all in this process.
type circuit struct {
	ctx      context.Context
	stop     context.CancelFunc
	from, to *reliable.Listener
	proxy    *proxy.Proxy
	via      netip.AddrPort // where the proxy listens
	socket   *net.UDPConn   // that of from, if it is wrapped
	// To be set before dialing:
	channels []uint8                         // what is read besides channel 0
	arrived  func(channel uint8, msg []byte) // if not nil, told of each message by the reader of its channel
	work     sync.WaitGroup
}

// socketSeed decides the fates of the datagrams over sockets.
const socketSeed = 1

// newCircuit opens everything. wrap, if not nil, stands between the sender and
// its socket.
func newCircuit(ctx context.Context, config reliable.Config, ahead, back lossy.Profile, wrap func(net.PacketConn) net.PacketConn) (_ *circuit, err error) {
	c := &circuit{}
	c.ctx, c.stop = context.WithCancel(ctx)
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.to, err = reliable.Listen("udp4", "127.0.0.1:0", &config); err != nil {
		return nil, err
	}
	c.proxy, err = proxy.New(proxy.Config{
		Listen: "127.0.0.1:0", Upstream: c.to.Addr().String(),
		Config: lossy.Config{Seed: socketSeed, Up: ahead, Down: back},
	})
	if err != nil {
		return nil, err
	}
	c.via = c.proxy.Addr()
	if wrap == nil {
		c.from, err = reliable.Listen("udp4", "127.0.0.1:0", &config)
		return c, err
	}
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	c.socket = socket
	if err := socket.SetReadBuffer(socketBuffer); err != nil {
		return nil, err
	}
	c.from, err = reliable.NewListener(wrap(socket), &config)
	return c, err
}

func (c *circuit) close() {
	c.stop()
	if c.from != nil {
		_ = c.from.Close()
	}
	if c.socket != nil {
		_ = c.socket.Close()
	}
	if c.to != nil {
		_ = c.to.Close()
	}
	if c.proxy != nil {
		_ = c.proxy.Close()
	}
	c.work.Wait()
}

// socketBuffer is what package reliable asks for, bytes.
const socketBuffer = 4 << 20

// stream is one connection through a circuit that carries messages one way.
type stream struct {
	sender    *reliable.Conn
	receiver  *reliable.Conn
	delivered atomic.Uint64 // message bytes the receiving application has
	received  chan error    // the receiver's end: nil once the peer has closed
	sent      chan error    // the sender's end
}

// dial opens a connection and reads what comes over it.
func (c *circuit) dial() (*stream, error) {
	sender, err := c.from.Dial(c.ctx, c.via)
	if err != nil {
		return nil, err
	}
	s := &stream{sender: sender, received: make(chan error, 1), sent: make(chan error, 1)}
	if s.receiver, err = c.to.Accept(c.ctx); err != nil {
		return nil, err
	}
	read := make(chan error)
	channels := append([]uint8{0}, c.channels...)
	for _, channel := range channels {
		c.work.Go(func() { read <- c.read(s, channel) })
	}
	c.work.Go(func() {
		var first error
		for range channels {
			if err := <-read; first == nil {
				first = err
			}
		}
		if first == nil {
			_ = s.receiver.Close()
		}
		s.received <- first
	})
	return s, nil
}

// read reads a channel of a stream to its end.
func (c *circuit) read(s *stream, channel uint8) error {
	for {
		msg, err := s.receiver.Channel(channel).Receive(c.ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("receiver: %w", err)
		}
		if c.arrived != nil {
			c.arrived(channel, msg.Data)
		}
		s.delivered.Add(uint64(len(msg.Data)))
	}
}

// send sends messages of a size until ctx ends, or count of them if that is not
// 0.
func (c *circuit) send(ctx context.Context, s *stream, size, count int) {
	c.work.Go(func() {
		msg := make([]byte, size)
		for n := 0; count == 0 || n < count; n++ {
			if err := s.sender.Send(ctx, msg); err != nil {
				if ctx.Err() == nil {
					s.sent <- fmt.Errorf("sender: %w", err)
					return
				}
				break
			}
		}
		s.sent <- nil
	})
}

// finish waits until everything was sent and arrived, closes the connection
// and returns the sender's counters.
func (c *circuit) finish(s *stream) (reliable.Stats, error) {
	if err := <-s.sent; err != nil {
		return reliable.Stats{}, err
	}
	stop := context.AfterFunc(c.ctx, func() { _ = s.sender.Abort() })
	defer stop()
	if err := s.sender.Close(); err != nil {
		return reliable.Stats{}, err
	}
	select {
	case err := <-s.received:
		return s.sender.Stats(), err
	case <-c.ctx.Done():
		return reliable.Stats{}, c.ctx.Err()
	}
}

// late is how late the proxy was, as measure Late has it: what the machine
// added to the delays of the network.
func (c *circuit) late() float64 {
	stats := c.proxy.Stats()
	return float64(stats.Up.Lateness.Quantile(0.99)) / float64(time.Millisecond)
}

// sendAt sends a message of a size at each of the times from now on. It carries
// when it was given to Send, counted from start.
func (c *circuit) sendAt(channel *reliable.Channel, start time.Time, due []time.Duration, size int) error {
	first, msg := time.Now(), make([]byte, size)
	for _, at := range due {
		if err := c.wait(first.Add(at)); err != nil {
			return err
		}
		binary.BigEndian.PutUint64(msg, uint64(time.Since(start)))
		if err := channel.Send(c.ctx, msg); err != nil {
			return err
		}
	}
	return nil
}

// age is how long ago, counted from start, a message was given to Send.
func age(start time.Time, msg []byte) time.Duration {
	return time.Since(start) - time.Duration(binary.BigEndian.Uint64(msg))
}

// wait lets real time pass until the moment.
func (c *circuit) wait(until time.Time) error {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

// lingerLimit is how long the last messages may take in real time.
const lingerLimit = 30 * time.Second

// reliable is the configuration of every connection over sockets: what
// settings.arq is for simulated ones.
func (s settings) reliable() reliable.Config {
	return reliable.Config{MaxPacket: s.packet, Congestion: s.congestion, Linger: lingerLimit}
}
