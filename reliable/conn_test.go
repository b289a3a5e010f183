package reliable

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"golang.org/x/net/nettest"
)

// listen opens a listener on loopback that the test closes.
func listen(t testing.TB, config *Config) *Listener {
	t.Helper()
	l, err := Listen("udp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// connect opens a connection over loopback and returns both ends.
func connect(t testing.TB, config *Config) (dialed, accepted *Conn) {
	t.Helper()
	l := listen(t, config)
	return dialTo(t, l, config)
}

func dialTo(t testing.TB, l *Listener, config *Config) (dialed, accepted *Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	dialed, err := Dial(ctx, "udp", l.Addr().String(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialed.Abort() })
	accepted, err = l.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return dialed, accepted
}

func TestNetConn(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		l, err := Listen("udp", "127.0.0.1:0", nil)
		if err != nil {
			return nil, nil, nil, err
		}
		c1, err = Dial(context.Background(), "udp", l.Addr().String(), nil)
		if err != nil {
			return nil, nil, nil, err
		}
		c2, err = l.Accept(context.Background())
		// Both at once: one end alone would wait for the other to read.
		stop = func() {
			done := make(chan struct{})
			go func() { c1.Close(); close(done) }()
			c2.Close()
			<-done
			l.Close()
		}
		return c1, c2, stop, err
	})
}

func TestMessagesBothWays(t *testing.T) {
	a, b := connect(t, nil)
	ctx := context.Background()
	for _, n := range []int{0, 1, 1200, 70_000, 3 << 20} {
		want := bytes.Repeat([]byte{byte(n)}, n)
		for _, way := range []struct{ from, to *Conn }{{a, b}, {b, a}} {
			if err := way.from.Send(ctx, want); err != nil {
				t.Fatal(err)
			}
			got, err := way.to.Receive(ctx)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("got %d bytes and %v, want %d", len(got), err, n)
			}
		}
	}
}

func TestCloseIsEOFAfterEverythingWasRead(t *testing.T) {
	a, b := connect(t, nil)
	ctx := context.Background()
	for range 3 {
		if err := a.Send(ctx, []byte("last words")); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := b.Receive(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Receive(ctx); err != io.EOF {
		t.Errorf("after the peer closed: %v, want io.EOF", err)
	}
	if err := a.Send(ctx, nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Send after Close: %v, want net.ErrClosed", err)
	}
}

func TestCloseWithErrorReachesThePeer(t *testing.T) {
	a, b := connect(t, nil)
	if err := a.CloseWithError(42, "enough"); err != nil {
		t.Fatal(err)
	}
	_, err := b.Receive(context.Background())
	var peer *PeerError
	if !errors.As(err, &peer) || peer.Code != 42 || peer.Reason != "enough" {
		t.Errorf("got %v, want the peer's code and reason", err)
	}
}

func TestReadyResultWinsOverDeadContext(t *testing.T) {
	a, b := connect(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	if err := a.Send(ctx, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Receive(ctx); err != nil {
		t.Fatal(err)
	}
	if err := a.Send(ctx, []byte("y")); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil { // acknowledged: the message is at b
		t.Fatal(err)
	}
	cancel()
	if _, err := b.Receive(ctx); err != nil {
		t.Errorf("a message that was there was refused: %v", err)
	}
	if _, err := a.Receipt(ctx); err == nil {
		t.Error("a receipt of nothing")
	}
}

func TestTooLargeIsRefusedBeforeAnythingIsSent(t *testing.T) {
	a, _ := connect(t, &Config{MaxMessage: 100})
	if err := a.Send(context.Background(), make([]byte, 101)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	if got := a.Stats().MessagesSent; got != 0 {
		t.Errorf("%d messages sent, want 0", got)
	}
}

// A connection costs no goroutine: with a thousand of them there are as many
// as with one, apart from the dialers' own sockets, which are all one here.
func TestNoGoroutinePerConnection(t *testing.T) {
	l, dialer := listen(t, &Config{Backlog: 1000}), listen(t, nil)
	addr := l.Addr().(*net.UDPAddr).AddrPort()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	count := func(n int) int {
		for range n {
			c, err := dialer.Dial(ctx, addr)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Send(ctx, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			a, err := l.Accept(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := a.Receive(ctx); err != nil {
				t.Fatal(err)
			}
		}
		return runtime.NumGoroutine()
	}
	one := count(1)
	const alarms = 2 // a socket's first near deadline gives its alarm a goroutine
	if many := count(999); many > one+alarms {
		t.Errorf("%d goroutines with 1000 connections, %d with one", many, one)
	}
	if got := l.Stats().Connections; got != 1000 {
		t.Errorf("%d connections, want 1000", got)
	}
}

func TestDialNobodyFailsWhenTheContextDoes(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() { // the hello is out: nobody will answer it
		silent.ReadFrom(make([]byte, 2000))
		cancel()
	}()
	if _, err := Dial(ctx, "udp", silent.LocalAddr().String(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestListenerCloseEndsItsConnections(t *testing.T) {
	l := listen(t, nil)
	a, b := dialTo(t, l, nil)
	l.Close()
	if _, err := b.Receive(context.Background()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accepted end: %v, want net.ErrClosed", err)
	}
	if _, err := a.Receive(context.Background()); err == nil {
		t.Error("dialed end noticed nothing")
	}
	if _, err := l.Accept(context.Background()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept: %v, want net.ErrClosed", err)
	}
}

func TestListenErrorsNameTheAddress(t *testing.T) {
	l := listen(t, nil)
	if _, err := Listen("udp", l.Addr().String(), nil); err == nil {
		t.Error("listening twice on one port succeeded")
	}
	if _, err := Listen("udp", "127.0.0.1:notaport", nil); err == nil {
		t.Error("a port that is no port was accepted")
	}
	if _, err := Dial(context.Background(), "udp", "no.such.host.invalid:1", nil); err == nil {
		t.Error("a host that is none was dialed")
	}
}
