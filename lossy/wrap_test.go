package lossy

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// wrapped is a Conn at alice's address over an in-memory network without
// impairments, so that what happens is the Conn's doing.
func wrapped(t *testing.T, cfg Config) (*Conn, *Network) {
	t.Helper()
	n := NewNetwork(Config{})
	pc, err := n.Listen(alice)
	if err != nil {
		t.Fatal(err)
	}
	c := Wrap(pc, cfg)
	t.Cleanup(func() {
		c.Close()
		n.Close()
	})
	return c, n
}

// What a Conn writes and reads fares as the links of its seed say, a flow for
// each remote address.
func TestWrapDecidesAsLinksDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{
			Seed: 7,
			Up:   Profile{Loss: 0.3, Burst: 2, Duplicate: 0.2, Corrupt: 0.2, Delay: 5 * time.Millisecond, Jitter: 3 * time.Millisecond},
			Down: Profile{Loss: 0.2, Reorder: 0.2, Delay: time.Millisecond},
		}
		c, n := wrapped(t, cfg)
		for flow, at := range []netip.AddrPort{bob, carol} {
			peer := mustListen(t, n, at)
			up, down := NewLink(7, uint64(flow), Up, cfg.Up), NewLink(7, uint64(flow), Down, cfg.Down)
			const datagrams = 300
			var wantUp, wantDown []string
			take := func(l *Link, into *[]string) {
				for {
					due, some := l.NextTime()
					if !some {
						return
					}
					b, _ := l.Receive(due, nil)
					*into = append(*into, string(b))
				}
			}
			for i := range datagrams {
				text := fmt.Sprintf("flow %d, %d", flow, i)
				now := time.Duration(i) * 20 * time.Millisecond
				up.Send(now, []byte(text))
				down.Send(now, []byte(text))
				if _, err := c.WriteToUDPAddrPort([]byte(text), at); err != nil {
					t.Fatal(err)
				}
				mustWrite(t, peer, text, alice)
				time.Sleep(20 * time.Millisecond)
			}
			take(up, &wantUp)
			take(down, &wantDown)
			time.Sleep(time.Second)
			for _, want := range wantUp {
				if got, from := mustRead(t, peer); got != want || from != alice {
					t.Fatalf("flow %d: the peer read %q from %v, want %q", flow, got, from, want)
				}
			}
			buf := make([]byte, 100)
			for _, want := range wantDown {
				k, from, err := c.ReadFrom(buf)
				if err != nil || string(buf[:k]) != want || from.String() != at.String() {
					t.Fatalf("flow %d: read %q from %v, %v, want %q", flow, buf[:k], from, err, want)
				}
			}
			wantQuiet(t, peer, time.Second)
		}
		s := c.Network().Stats()
		if s.Flows != 2 || s.Up.Unaccounted() != 0 || s.Down.Unaccounted() != 0 || s.Up.Dropped[CauseLoss] == 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestWrapKeepsTheRulesOfPacketConn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n := wrapped(t, Config{Up: Profile{Delay: 50 * time.Millisecond}})
		peer := mustListen(t, n, bob)
		if c.LocalAddr().String() != alice.String() {
			t.Errorf("LocalAddr is %v", c.LocalAddr())
		}
		// The payload is copied.
		payload := []byte("mine")
		if _, err := c.WriteTo(payload, net.UDPAddrFromAddrPort(bob)); err != nil {
			t.Fatal(err)
		}
		copy(payload, "XXXX")
		if got, _ := mustRead(t, peer); got != "mine" {
			t.Errorf("the peer read %q", got)
		}
		// A buffer too small cuts.
		mustWrite(t, peer, "longer than that", alice)
		buf := make([]byte, 6)
		if k, _, err := c.ReadFrom(buf); err != nil || string(buf[:k]) != "longer" {
			t.Errorf("read %q, %v", buf[:k], err)
		}
		// Deadlines wake whoever waits, and let go again.
		for _, set := range []func(time.Time) error{c.SetDeadline, c.SetReadDeadline} {
			if err := set(time.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			if _, _, err := c.ReadFrom(buf); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) != time.Second {
				t.Errorf("after %v: %v", time.Since(begun), err)
			}
		}
		if _, err := c.WriteTo(payload, net.UDPAddrFromAddrPort(bob)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write past its deadline: %v", err)
		}
		c.SetDeadline(time.Time{})
		c.SetWriteDeadline(time.Now().Add(-1))
		if _, err := c.WriteTo(payload, net.UDPAddrFromAddrPort(bob)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write past its deadline: %v", err)
		}
		c.SetDeadline(time.Time{})
		if _, err := c.SyscallConn(); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("an inner socket without system calls: %v", err)
		}
		for _, bad := range []net.Addr{nil, (*net.UDPAddr)(nil), &net.TCPAddr{}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}} {
			if _, err := c.WriteTo(payload, bad); !errors.Is(err, syscall.EINVAL) {
				t.Errorf("write to %#v: %v", bad, err)
			}
		}
		if _, err := c.WriteTo(make([]byte, maxPayload+1), net.UDPAddrFromAddrPort(bob)); !errors.Is(err, syscall.EMSGSIZE) {
			t.Errorf("a datagram too long: %v", err)
		}
		if err := c.SetReadBuffer(1 << 20); err != nil {
			t.Error(err)
		}
		// What it sends to itself comes back.
		if _, err := c.WriteTo([]byte("self"), net.UDPAddrFromAddrPort(alice)); err != nil {
			t.Fatal(err)
		}
		if k, from, err := c.ReadFrom(buf); err != nil || string(buf[:k]) != "self" || from.String() != alice.String() {
			t.Errorf("read %q from %v, %v", buf[:k], from, err)
		}
	})
}

// What was written leaves before the socket closes; readers and writers get
// net.ErrClosed at once.
func TestWrapClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n := wrapped(t, Config{Up: Profile{Delay: 500 * time.Millisecond}})
		peer := mustListen(t, n, bob)
		var waiting sync.WaitGroup
		waiting.Go(func() {
			begun := time.Now()
			if _, _, err := c.ReadFrom(make([]byte, 10)); !errors.Is(err, net.ErrClosed) || time.Since(begun) != 0 {
				t.Errorf("the reader got %v after %v", err, time.Since(begun))
			}
		})
		synctest.Wait()
		for range 3 {
			if _, err := c.WriteToUDPAddrPort([]byte("last words"), bob); err != nil {
				t.Fatal(err)
			}
		}
		begun := time.Now()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took < 500*time.Millisecond || took > 502*time.Millisecond {
			t.Errorf("Close took %v, want the 500ms of the way", took)
		}
		waiting.Wait()
		for range 3 {
			if got, _ := mustRead(t, peer); got != "last words" {
				t.Errorf("the peer read %q", got)
			}
		}
		if err := c.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("closing again: %v", err)
		}
		if _, err := c.WriteToUDPAddrPort([]byte("x"), bob); !errors.Is(err, net.ErrClosed) {
			t.Errorf("writing: %v", err)
		}
		// The address is free again.
		mustListen(t, n, alice)
	})
}

// Close does not wait for a way that is longer than anybody's patience.
func TestWrapCloseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n := wrapped(t, Config{Up: Profile{Delay: time.Hour}})
		mustListen(t, n, bob)
		if _, err := c.WriteToUDPAddrPort([]byte("x"), bob); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		c.Close()
		if took := time.Since(begun); took > CloseLinger {
			t.Errorf("Close took %v", took)
		}
	})
}

// faulty is an inner socket that fails in ways a system may.
type faulty struct {
	net.PacketConn
	reads  chan error // what reads say; closed: net.ErrClosed
	writes error
	once   error // what the next write says instead
	wrote  int
}

func (f *faulty) ReadFrom([]byte) (int, net.Addr, error) {
	err, open := <-f.reads
	if !open {
		err = net.ErrClosed
	}
	return 0, nil, err
}
func (f *faulty) WriteTo(b []byte, _ net.Addr) (int, error) {
	if err := f.once; err != nil {
		f.once = nil
		return 0, err
	}
	f.wrote++
	return len(b), f.writes
}
func (f *faulty) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(alice) }
func (f *faulty) Close() error        { close(f.reads); return nil }

func TestWrapErrorsOfTheInnerSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused, full := errors.New("refused"), errors.New("no buffers")
		f := &faulty{reads: make(chan error, 10), writes: full}
		c := Wrap(f, Config{})
		f.reads <- refused
		f.reads <- full
		for _, want := range []error{refused, full} {
			if _, _, err := c.ReadFrom(make([]byte, 10)); err != want {
				t.Errorf("read said %v, want %v", err, want)
			}
		}
		if _, err := c.WriteToUDPAddrPort([]byte("x"), bob); err != full {
			t.Errorf("write said %v, want what the socket said", err)
		}
		if err := c.Network().SetConfig(Config{Up: Profile{Delay: time.Second}}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.WriteToUDPAddrPort([]byte("x"), bob); err != nil {
			t.Errorf("a write that leaves later said %v", err)
		}
		// The socket is closed behind the Conn's back.
		close(f.reads)
		synctest.Wait()
		if _, _, err := c.ReadFrom(make([]byte, 10)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read said %v after the socket was closed", err)
		}
		f.reads = make(chan error)
		c.Close()
	})
}

// elsewhere is a socket whose addresses are of another kind than UDP's.
type elsewhere struct {
	net.PacketConn
	address net.Addr
}

func (e elsewhere) LocalAddr() net.Addr { return e.address }
func (e elsewhere) ReadFrom([]byte) (int, net.Addr, error) {
	return 1, e.address, nil
}
func (e elsewhere) Close() error { return nil }

// A socket that can have no UDP addresses is refused at once, and of any other it is
// said what is wrong with an address that is none.
func TestWrapRefusesOtherAddresses(t *testing.T) {
	for _, address := range []net.Addr{&net.UnixAddr{Name: "x", Net: "unixgram"}, &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)}} {
		func() {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, "Wrap of a socket of "+address.Network()+", whose addresses are not UDP's") {
					t.Errorf("Wrap of a socket at %v panics with %q", address, said)
				}
			}()
			Wrap(elsewhere{address: address}, Config{})
		}()
	}
	inner := elsewhere{address: &net.TCPAddr{Port: 7}}
	c := &Conn{inner: inner, socket: newSocket(NewNetwork(Config{}), alice)}
	_, _, read := c.readInner(nil)
	_, wrote := c.WriteTo(nil, inner.address)
	for _, err := range []error{read, wrote} {
		if !errors.Is(err, syscall.EINVAL) || !strings.Contains(err.Error(), "lossy carries what has a *net.UDPAddr, and this is &net.TCPAddr{") {
			t.Errorf("an address that is not UDP's: %v", err)
		}
	}
}

// A report that an earlier datagram was refused goes to a reader, and the
// datagram that met it is sent all the same, also when nobody waits for it.
func TestWrapTellsOfRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &faulty{reads: make(chan error)}
		c := Wrap(f, Config{Up: Profile{Delay: time.Millisecond}})
		defer c.Close()
		for range 2 { // the second finds the first untold
			f.once = os.NewSyscallError("sendto", syscall.ECONNREFUSED)
			if _, err := c.WriteToUDPAddrPort([]byte("x"), bob); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if f.wrote != 2 {
			t.Errorf("%d datagrams were sent, want 2", f.wrote)
		}
		if _, _, err := c.ReadFrom(make([]byte, 10)); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("the reader got %v", err)
		}
	})
}

// A flood of addresses is forgotten; what was counted stays counted.
func TestWrapForgetsTheLongestUnused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n := wrapped(t, Config{})
		const flood = MaxWrappedFlows + 500
		for i := range flood {
			from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 9)
			s := mustListen(t, n, from)
			mustWrite(t, s, "x", alice)
			s.Close()
			if _, _, err := c.ReadFrom(make([]byte, 10)); err != nil {
				t.Fatal(err)
			}
		}
		s := c.Network().Stats()
		if s.Flows != flood || s.Down.PacketsOut != flood || s.Down.Unaccounted() != 0 {
			t.Errorf("%d flows, %d datagrams came, want %d", s.Flows, s.Down.PacketsOut, flood)
		}
		if held := len(c.network.paths); held > 2*MaxWrappedFlows {
			t.Errorf("%d paths are kept, want %d at most", held, 2*MaxWrappedFlows)
		}
	})
}

// On real sockets, from many goroutines, up to the longest datagram there is.
func TestWrapOnRealSockets(t *testing.T) {
	open := func() *Conn {
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		c := Wrap(pc, Config{Up: Profile{Delay: time.Millisecond, Jitter: time.Millisecond}})
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(20 * time.Second))
		return c
	}
	a, b := open(), open()
	var group sync.WaitGroup
	group.Go(func() { // echo
		buf := make([]byte, maxPayload)
		for {
			n, from, err := b.ReadFrom(buf)
			if err != nil {
				return
			}
			if _, err := b.WriteTo(buf[:n], from); err != nil {
				t.Error(err)
			}
		}
	})
	buf := make([]byte, maxPayload)
	for _, size := range []int{0, 1, 1200, maxPayload} {
		want := bytes.Repeat([]byte{7}, size)
		if _, err := a.WriteTo(want, b.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		n, _, err := a.ReadFrom(buf)
		if err != nil || !bytes.Equal(buf[:n], want) {
			t.Errorf("%d bytes came back of %d, %v", n, size, err)
		}
	}
	var senders sync.WaitGroup
	for g := range 4 {
		senders.Go(func() {
			for i := range 50 {
				if _, err := a.WriteTo(fmt.Appendf(nil, "%d %s", g, strings.Repeat("x", i)), b.LocalAddr()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	senders.Wait()
	for range 200 {
		if _, _, err := a.ReadFrom(buf); err != nil {
			t.Fatal(err)
		}
	}
	b.Close()
	group.Wait()
}
