package control

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"udplab/lossy/proxy"
)

func TestServe(t *testing.T) {
	f := testFleet(t)
	if _, err := f.Add("default", proxy.Config{Listen: "127.0.0.1:0", Upstream: "127.0.0.1:9"}); err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"127.0.0.1:0", ":0", "localhost:0", "[::1]:0"} {
		s, err := Serve(addr, f)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		if !s.Addr().Addr().IsLoopback() {
			t.Errorf("%s is served on %v, want a loopback address", addr, s.Addr())
		}
		client := &http.Client{Transport: &http.Transport{}}
		response, err := client.Get(s.URL() + "/proxies/default")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != 200 {
			t.Errorf("%s: status %d, want 200", addr, response.StatusCode)
		}
		client.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing again: %v", err)
		}
	}
}

func TestServeRefusesOtherMachines(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "[::]:0", "192.0.2.1:0"} {
		s, err := Serve(addr, nil)
		if err == nil {
			s.Close()
		}
		if !errors.Is(err, ErrNotLoopback) || !strings.Contains(err.Error(), addr) {
			t.Errorf("%s: %v, want ErrNotLoopback with the address", addr, err)
		}
	}
	for _, addr := range []string{"8474", "127.0.0.1:port", "bad..host:1"} {
		if s, err := Serve(addr, nil); err == nil {
			s.Close()
			t.Errorf("%q was accepted", addr)
		}
	}
}

// impatient is the standard with times short enough for a test to wait for.
func impatient() limits {
	l := standard
	l.header, l.request, l.idle = 50*time.Millisecond, 100*time.Millisecond, 50*time.Millisecond
	l.shutdown = 50 * time.Millisecond
	l.connections = 4
	return l
}

// Whoever sends slowly, or nothing, is cut off, and makes room.
func TestSlowClientsAreCutOff(t *testing.T) {
	h, _ := testAPI(t)
	s, err := serve("127.0.0.1:0", h, impatient())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, begins := range []string{
		"",                                // says nothing
		"GET /proxies HTTP/1.1\r\nHost: ", // never ends its header
		"PATCH /proxies/default HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", // nor its body
		"GET /proxies HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",                                                                     // stays for another request that never comes
	} {
		var all []net.Conn
		for range impatient().connections + 2 {
			c, err := net.Dial("tcp", s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, begins); err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
		for _, c := range all {
			c.SetReadDeadline(time.Now().Add(20 * time.Second))
			if _, err := io.Copy(io.Discard, c); errors.Is(err, net.ErrClosed) || isTimeout(err) {
				t.Errorf("after %q the server held on to the connection", begins)
			}
		}
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestHugeHeaderIsRefused(t *testing.T) {
	h, _ := testAPI(t)
	s, err := serve("127.0.0.1:0", h, standard)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// The server may hang up while this is being written.
	_, _ = io.WriteString(c, "GET /proxies HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "+strings.Repeat("x", 2*standard.headerBytes)+"\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d, want 431", response.StatusCode)
	}
}
