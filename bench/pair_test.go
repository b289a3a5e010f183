package bench

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"

	"udplab/lossy"
	"udplab/lossy/proxy"
	"udplab/reliable"
	"udplab/reliable/raw"
)

// mode names a way to move messages.
type mode string

const (
	modeRaw      mode = "raw"
	modeReliable mode = "reliable"
	modeTCP      mode = "tcp"
)

// traffic is what both ends handed to the system so far.
type traffic struct {
	packets uint64 // datagrams of the sending end
	replies uint64 // datagrams of the receiving end
	bytes   uint64 // UDP payload of both ends
}

func (t traffic) since(start traffic) traffic {
	return traffic{t.packets - start.packets, t.replies - start.replies, t.bytes - start.bytes}
}

// pair is a sender and a receiver that are connected. send and receive are for
// one goroutine each; close ends a call of either.
type pair struct {
	send    func(msg []byte) error
	receive func() ([]byte, error) // valid until the next call
	traffic func() traffic         // nil if nobody counts
	close   func()                 // any number of times
	// mayLose says that messages may not arrive, and nobody will notice.
	mayLose bool
}

// trafficNow is zero where nobody counts.
func (p *pair) trafficNow() traffic {
	if p.traffic == nil {
		return traffic{}
	}
	return p.traffic()
}

// connect makes the pair of a cell.
func connect(tb testing.TB, c cell) *pair {
	tb.Helper()
	switch c.mode {
	case modeRaw:
		return connectRaw(tb, c.loss.probability)
	case modeReliable:
		return connectReliable(tb, nil, c.loss.probability)
	case modeTCP:
		return connectTCP(tb, c.size.bytes)
	}
	panic("BUG: unknown mode " + string(c.mode))
}

// through is where to send so that datagrams reach the address to with that
// loss in either direction: the address itself if nothing is to be lost.
func through(tb testing.TB, to netip.AddrPort, loss float64) netip.AddrPort {
	tb.Helper()
	if loss == 0 {
		return to
	}
	profile := lossy.Profile{Loss: loss}
	p, err := proxy.New(proxy.Config{
		Listen: "127.0.0.1:0", Upstream: to.String(),
		Config: lossy.Config{Seed: 1, Up: profile, Down: profile},
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { p.Close() })
	return p.Addr()
}

func connectReliable(tb testing.TB, config *reliable.Config, loss float64) *pair {
	tb.Helper()
	ctx := context.Background()
	var l *reliable.Listener
	var sender *reliable.Conn
	var err error
	asEnd(receivingEnd, func() { l, err = reliable.Listen("udp", "127.0.0.1:0", config) })
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	to := through(tb, addrPort(l.Addr()), loss)
	asEnd(sendingEnd, func() { sender, err = reliable.Dial(ctx, "udp", to.String(), config) })
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { sender.Abort() })
	receiver, err := l.Accept(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	var msg []byte
	return &pair{
		send: func(msg []byte) error { return sender.Send(ctx, msg) },
		receive: func() (_ []byte, err error) {
			msg, err = receiver.AppendReceive(ctx, msg[:0])
			return msg, err
		},
		traffic: func() traffic {
			s, r := sender.Stats(), receiver.Stats()
			return traffic{s.PacketsSent, r.PacketsSent, s.BytesSent + r.BytesSent}
		},
		close: func() { sender.Abort(); receiver.Abort() },
	}
}

func connectRaw(tb testing.TB, loss float64) *pair {
	tb.Helper()
	ctx := context.Background()
	in, out := udpSocket(tb), udpSocket(tb)
	sender, err := raw.New(out, through(tb, addrPort(in.LocalAddr()), loss), nil)
	if err != nil {
		tb.Fatal(err)
	}
	receiver, err := raw.New(in, addrPort(out.LocalAddr()), nil)
	if err != nil {
		tb.Fatal(err)
	}
	return &pair{
		mayLose: true,
		send: func(msg []byte) error {
			_, err := sender.Send(msg)
			return err
		},
		receive: func() ([]byte, error) {
			for {
				if e, err := receiver.Receive(ctx); err != nil || e.Kind == raw.Message {
					return e.Payload, err
				}
			}
		},
		traffic: func() traffic {
			s, r := sender.Stats(), receiver.Stats()
			return traffic{s.Sent, r.Sent, s.BytesSent + r.BytesSent}
		},
		close: func() { sender.Close(); receiver.Close() },
	}
}

// connectTCP frames nothing: all messages are of one size. Its sender writes a
// message with one call, its receiver reads through a buffer of 64 KiB.
func connectTCP(tb testing.TB, size int) *pair {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	sender, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { sender.Close() })
	receiver, err := l.Accept()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { receiver.Close() })
	in, msg := bufio.NewReaderSize(receiver, 64<<10), make([]byte, size)
	return &pair{
		send: func(msg []byte) error {
			_, err := sender.Write(msg)
			return err
		},
		receive: func() ([]byte, error) {
			_, err := io.ReadFull(in, msg)
			return msg, err
		},
		close: sync.OnceFunc(func() { sender.Close(); receiver.Close() }),
	}
}

func udpSocket(tb testing.TB) *net.UDPConn {
	tb.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	return c
}

func addrPort(a net.Addr) netip.AddrPort { return a.(*net.UDPAddr).AddrPort() }
