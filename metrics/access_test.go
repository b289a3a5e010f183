package metrics

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"udplab/lossy/control/access"
)

const secret = "correct-horse-battery-staple"

func tokenRules(t *testing.T) access.Rules {
	t.Helper()
	token, err := access.ParseToken(secret)
	if err != nil {
		t.Fatal(err)
	}
	return access.Rules{Token: token}
}

// H1: an address that other machines can reach needs a token.
func TestH1_MetricsOnLoopbackUnlessThereIsAToken(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "[::]:0"} {
		s, err := Serve(addr, NewRegistry(), nil, access.Rules{}, nil)
		if err == nil {
			s.Close()
		}
		if !errors.Is(err, access.ErrNotLoopback) || !strings.HasPrefix(err.Error(), "metrics: "+addr) {
			t.Errorf("%s: %v, want ErrNotLoopback with the address", addr, err)
		}
		s, err = Serve(addr, NewRegistry(), nil, tokenRules(t), nil)
		if err != nil {
			t.Errorf("%s with a token: %v", addr, err)
			continue
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// H2, H4: without a token the Host header must name this machine; with one it is
// the token that counts. Whether the program runs is told to all.
func TestH2_H4_WhoMayScrape(t *testing.T) {
	for _, c := range []struct {
		path, host, authorization string
		without, token            int
	}{
		{"/metrics", "127.0.0.1:9090", "", 200, 401},
		{"/metrics", "localhost", "Bearer wrong", 200, 401},
		{"/metrics", "evil.example", "", 421, 401},
		{"/metrics", "127.0.0.1.nip.io:9090", "", 421, 401},
		{"/metrics", "evil.example", "Bearer " + secret, 421, 200},
		{"/metrics?access_token=" + secret, "127.0.0.1", "", 200, 401},
		{"/healthz", "evil.example", "", 200, 200},
	} {
		for _, r := range []struct {
			rules access.Rules
			want  int
		}{{access.Rules{}, c.without}, {tokenRules(t), c.token}} {
			request := httptest.NewRequest("GET", c.path, nil)
			request.Host = c.host
			if c.authorization != "" {
				request.Header.Set("Authorization", c.authorization)
			}
			w := httptest.NewRecorder()
			newHandler(NewRegistry(), promhttp.HandlerOpts{}, r.rules, nil).ServeHTTP(w, request)
			if w.Code != r.want || (w.Header().Get("WWW-Authenticate") != "") != (w.Code == 401) {
				t.Errorf("%s, host %s, %q, %v: %d, want %d", c.path, c.host, c.authorization, r.rules.Token, w.Code, r.want)
			}
			if strings.Contains(w.Body.String(), secret) {
				t.Error("the answer tells the token")
			}
		}
	}
}

// H7: whatever is answered, a browser takes it for nothing but text.
func TestH7_HeadersOfEveryAnswer(t *testing.T) {
	ready := func() error { return errors.New("late") }
	h := newHandler(NewRegistry(), promhttp.HandlerOpts{}, access.Rules{}, ready)
	for _, target := range []string{"/metrics", "/healthz", "/ready", "/", "/nothing"} {
		for _, host := range []string{"localhost", "evil.example"} {
			request := httptest.NewRequest("GET", target, nil)
			request.Host = host
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request)
			for name, want := range map[string]string{
				"X-Content-Type-Options":      "nosniff",
				"Cache-Control":               "no-store",
				"Content-Security-Policy":     "default-src 'none'; frame-ancestors 'none'",
				"Access-Control-Allow-Origin": "",
			} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s from %s: %s: %q, want %q", target, host, name, got, want)
				}
			}
			if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/plain") {
				t.Errorf("%s from %s is %q, want text/plain", target, host, got)
			}
		}
	}
}

// pipe is a listener in memory with one client.
type pipe struct {
	client net.Conn
	server chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipe() *pipe {
	ours, theirs := net.Pipe()
	p := &pipe{client: ours, server: make(chan net.Conn, 1), closed: make(chan struct{})}
	p.server <- theirs
	return p
}

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.server:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipe) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipe) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9090} }

// H5: who is slow is cut off in the time for it, and so is who does not read.
func TestH5_SlowClientsAreCutOffInTime(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(NewProxy())
	for _, c := range []struct {
		why, begins string
		within      time.Duration
	}{
		{"says nothing", "", readHeaderTimeout},
		{"never ends its header", "GET /metrics HTTP/1.1\r\nHost: ", readHeaderTimeout},
		{"never sends its body", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n", readTimeout},
		{"never asks again", "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", idleTimeout},
		{"begins with HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPipe()
			s := serveOn(p, newHTTPServer(registry, nil, access.Rules{}, nil))
			defer s.Close()
			var saying sync.WaitGroup
			defer saying.Wait()
			defer p.client.Close()
			saying.Go(func() { _, _ = io.WriteString(p.client, c.begins) })
			begun := time.Now()
			p.client.SetReadDeadline(begun.Add(time.Hour))
			_, err := io.ReadAll(p.client)
			if took := time.Since(begun); err != nil || took < c.within || took > c.within+time.Second {
				t.Errorf("who %s is cut off after %v with %v, want %v", c.why, took, err, c.within)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		p := newPipe()
		s := serveOn(p, newHTTPServer(registry, nil, access.Rules{}, nil))
		defer s.Close()
		defer p.client.Close()
		_, _ = io.WriteString(p.client, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
		time.Sleep(writeTimeout + time.Second)
		if _, err := io.ReadAll(p.client); err != nil {
			t.Errorf("who reads nothing is not cut off after %v: %v", writeTimeout, err)
		}
	})
}

// H12: a scrape that does not end does not hold up the end for more than five
// seconds.
func TestH12_ShutdownCutsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipe()
		release := make(chan struct{})
		h := newHTTPServer(NewRegistry(), nil, access.Rules{}, nil)
		h.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release })
		s := serveOn(p, h)
		defer p.client.Close()
		_, _ = io.WriteString(p.client, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
		synctest.Wait()
		begun := time.Now()
		err := s.Close()
		if took := time.Since(begun); err == nil || took > 5*time.Second {
			t.Errorf("closed after %v with %v, want an error within 5s", took, err)
		}
		close(release)
	})
}
