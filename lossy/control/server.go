package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/net/netutil"

	"udplab/lossy/control/access"
)

// DefaultAddr is the port toxiproxy made known for this.
const DefaultAddr = "127.0.0.1:8474"

// limits bound what a client can tie up.
type limits struct {
	header, request, response, idle, shutdown time.Duration
	headerBytes, connections                  int
}

var standard = limits{
	header:      5 * time.Second,
	request:     10 * time.Second,
	response:    15 * time.Second,
	idle:        60 * time.Second,
	shutdown:    5 * time.Second,
	headerBytes: 16 << 10,
	connections: 64,
}

// ErrNotLoopback is returned by Serve for an address that other machines can
// reach, when there is no token.
var ErrNotLoopback = access.ErrNotLoopback

// Server serves the API. Safe for concurrent use.
type Server struct {
	addr     netip.AddrPort
	http     *http.Server
	shutdown time.Duration
	done     chan struct{} // closed when serving has ended
}

// Serve listens on an address, host:port, and serves the API for a fleet
// to whom the rules let ask, until Close. Port 0 lets the system choose.
func Serve(addr string, f *Fleet, rules access.Rules) (*Server, error) {
	listener, err := rules.Listen(addr)
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	return serve(listener, NewHandler(f, rules), standard), nil
}

func serve(listener net.Listener, handler http.Handler, l limits) *Server {
	alive, end := context.WithCancel(context.Background())
	s := &Server{
		addr:     listener.Addr().(*net.TCPAddr).AddrPort(),
		shutdown: l.shutdown,
		done:     make(chan struct{}),
		http: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: l.header,
			ReadTimeout:       l.request,
			WriteTimeout:      l.response,
			IdleTimeout:       l.idle,
			MaxHeaderBytes:    l.headerBytes,
			// Streams end when their context does, which Shutdown leaves alone.
			BaseContext: func(net.Listener) context.Context { return alive },
			// What goes wrong here went wrong at the client, who knows.
			ErrorLog: log.New(io.Discard, "", 0),
		},
	}
	s.http.RegisterOnShutdown(end)
	go func() {
		defer close(s.done)
		// It ends by Close; a listener that fails of itself leaves the proxies
		// running and the API silent.
		_ = s.http.Serve(netutil.LimitListener(listener, l.connections))
	}()
	return s
}

// Addr is the address the API is served on, with the port the system chose.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// URL is where the API begins. For a server on all addresses it names the
// loopback one.
func (s *Server) URL() string {
	at := s.addr
	if at.Addr().IsUnspecified() {
		at = netip.AddrPortFrom(netip.IPv6Loopback(), at.Port())
		if s.addr.Addr().Is4() {
			at = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port())
		}
	}
	return "http://" + at.String()
}

// Close ends the streams, lets other requests finish for five seconds at most,
// cuts off the rest, and waits for the server to end. Closing again does
// nothing.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.shutdown)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	<-s.done
	return err
}
