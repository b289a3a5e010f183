package toxiproxy

import (
	"errors"
	"net"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"udplab/lossy/control"
	"udplab/lossy/control/access"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// serve serves a fleet on a port of its own, and returns a client for it.
func serve(t *testing.T) (*toxiproxy.Client, *control.Fleet, string) {
	t.Helper()
	fleet := control.NewFleet(nil)
	server, err := control.Serve("127.0.0.1:0", fleet, access.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Close()
		fleet.Close()
	})
	return toxiproxy.NewClient(server.Addr().String()), fleet, server.URL()
}

// echo sends every datagram back, and returns its address.
func echo(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 2048)
		for {
			n, from, err := c.ReadFrom(buf)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				_, _ = c.WriteTo(buf[:n], from) // who is not there any more needs no answer
			}
		}
	}()
	t.Cleanup(func() {
		c.Close()
		<-done
	})
	return c.LocalAddr().String()
}

// talk is a client of a proxy.
type talk struct {
	t    *testing.T
	conn net.Conn
}

func dial(t *testing.T, address string) talk {
	t.Helper()
	c, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return talk{t, c}
}

// ask sends a datagram and waits for its echo, which must come; it returns how
// long that took.
func (c talk) ask(text string) time.Duration {
	c.t.Helper()
	begun := time.Now()
	c.send(text)
	buf := make([]byte, 2048)
	if err := c.conn.SetReadDeadline(begun.Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	n, err := c.conn.Read(buf)
	if err != nil || string(buf[:n]) != text {
		c.t.Fatalf("the echo of %q is %q, %v", text, buf[:n], err)
	}
	return time.Since(begun)
}

// askUntil sends a datagram until its echo comes.
func (c talk) askUntil(text string) {
	c.t.Helper()
	buf := make([]byte, 2048)
	for end := time.Now().Add(patience); ; {
		c.send(text)
		if err := c.conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			c.t.Fatal(err)
		}
		if n, err := c.conn.Read(buf); err == nil && string(buf[:n]) == text {
			return
		}
		if time.Now().After(end) {
			c.t.Fatalf("the echo of %q never came", text)
		}
	}
}

func (c talk) send(text string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
}
