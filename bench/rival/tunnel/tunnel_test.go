package tunnel

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open makes a tunnel whose network is none: what goes in comes out.
func open(t *testing.T) *Tunnel {
	t.Helper()
	tunnel, err := Open(func(to netip.AddrPort) (netip.AddrPort, error) { return to, nil })
	if errors.Is(err, ErrUnavailable) {
		t.Skipf("namespaces are root's: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tunnel.Close)
	return tunnel
}

// TestTCPArrives dials through the tunnel and moves a megabyte of noise.
func TestTCPArrives(t *testing.T) {
	tunnel := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var l net.Listener
	var err error
	tunnel.AtListener(func() { l, err = net.Listen("tcp4", tunnel.ListenAddress()) })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	var client net.Conn
	tunnel.AtDialer(func() { client, err = new(net.Dialer).DialContext(ctx, "tcp4", l.Addr().String()) })
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	for _, c := range []net.Conn{client, server} {
		if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	noise := make([]byte, 1<<20)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(noise)
	sent := make(chan error, 1)
	go func() {
		_, err := client.Write(noise)
		sent <- err
	}()
	got := make([]byte, len(noise))
	if _, err := io.ReadFull(server, got); err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256(got) != sha256.Sum256(noise) {
		t.Error("what arrived is not what was sent")
	}
	if from := client.LocalAddr().(*net.TCPAddr).AddrPort().Addr(); from != dialerAddr {
		t.Errorf("the client dialed from %v: it did not go through the tunnel", from)
	}
}

// Outside of the hosts nothing has changed: their addresses can't be had here.
func TestNothingChangesOutside(t *testing.T) {
	tunnel := open(t)
	if l, err := net.Listen("tcp4", tunnel.ListenAddress()); err == nil {
		l.Close()
		t.Errorf("%s is an address outside of the tunnel", tunnel.ListenAddress())
	}
}

func TestANetworkThatCannotBeEntered(t *testing.T) {
	open(t) // or this system has none
	refused := errors.New("refused")
	_, err := Open(func(netip.AddrPort) (netip.AddrPort, error) { return netip.AddrPort{}, refused })
	if !errors.Is(err, refused) {
		t.Errorf("error %v", err)
	}
}
