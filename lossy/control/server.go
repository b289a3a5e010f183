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
// reach.
var ErrNotLoopback = errors.New("the control API has no password, so it listens on loopback only")

// Server serves the API. Safe for concurrent use.
type Server struct {
	addr     netip.AddrPort
	http     *http.Server
	shutdown time.Duration
	done     chan struct{} // closed when serving has ended
}

// Serve listens on a loopback address, host:port, and serves the API for a
// fleet until Close. Port 0 lets the system choose.
func Serve(addr string, f *Fleet) (*Server, error) {
	return serve(addr, NewHandler(f), standard)
}

func serve(addr string, handler http.Handler, l limits) (*Server, error) {
	listener, err := listen(addr)
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
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
			// What goes wrong here went wrong at the client, who knows.
			ErrorLog: log.New(io.Discard, "", 0),
		},
	}
	go func() {
		defer close(s.done)
		// It ends by Close; a listener that fails of itself leaves the proxies
		// running and the API silent.
		_ = s.http.Serve(netutil.LimitListener(listener, l.connections))
	}()
	return s, nil
}

func listen(addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if host == "" {
		host = "127.0.0.1"
	}
	at, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	if !at.IP.IsLoopback() {
		return nil, fmt.Errorf("%s: %w", addr, ErrNotLoopback)
	}
	return net.ListenTCP("tcp", at)
}

// Addr is the address the API is served on, with the port the system chose.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// URL is where the API begins.
func (s *Server) URL() string { return "http://" + s.addr.String() }

// Close lets running requests finish for five seconds at most, cuts off the
// rest, and waits for the server to end. Closing again does nothing.
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
