package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/net/netutil"

	"udplab/lossy/control/access"
)

// A scrape takes milliseconds; whoever needs longer than this is not a
// Prometheus server.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 15 * time.Second
	idleTimeout       = 60 * time.Second
	shutdownTimeout   = 5 * time.Second

	maxHeaderBytes = 16 << 10
	maxConns       = 64
	maxScrapes     = 2 // at once
)

// A Server serves /metrics, /healthz and /ready over HTTP. Safe for concurrent use.
type Server struct {
	addr netip.AddrPort
	http *http.Server

	done   chan struct{} // closed when the serving goroutine ended
	served error         // why it ended; valid after done
}

// Serve opens the address and serves the registry on it until Close, to whom
// the rules let ask. What ready returns makes /ready answer 503, with the error,
// and 200 if it is nil; it is called from any goroutine. Without it there is no
// /ready. An address without a host ("", ":9090") means the loopback
// interface; port 0 lets the system choose, [Server.Addr] says what it chose.
// The error says which address could not be opened; it wraps
// access.ErrNotLoopback for one that other machines reach, without a token.
func Serve(addr string, gatherer prometheus.Gatherer, logger *slog.Logger, rules access.Rules, ready func() error) (*Server, error) {
	if addr == "" {
		addr = ":0"
	}
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, fmt.Errorf("metrics: address %q: want host:port, for example 127.0.0.1:9090", addr)
	}
	listener, err := rules.Listen(addr)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return serveOn(listener, newHTTPServer(gatherer, logger, rules, ready)), nil
}

func serveOn(listener net.Listener, h *http.Server) *Server {
	s := &Server{
		addr: listener.Addr().(*net.TCPAddr).AddrPort(),
		http: h,
		done: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		s.served = s.http.Serve(netutil.LimitListener(listener, maxConns))
	}()
	return s
}

func newHTTPServer(gatherer prometheus.Gatherer, logger *slog.Logger, rules access.Rules, ready func() error) *http.Server {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	errorLog := slog.NewLogLogger(logger.Handler(), slog.LevelWarn)
	return &http.Server{
		Handler: newHandler(gatherer, promhttp.HandlerOpts{
			ErrorLog:            errorLog,
			ErrorHandling:       promhttp.HTTPErrorOnError,
			MaxRequestsInFlight: maxScrapes,
		}, rules, ready),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          errorLog,
	}
}

// newHandler answers GET and HEAD on three paths, with ready on four, everything else with 404 or
// 405. No request is counted by anything the client chose, so no client can
// make a series. Whether the program runs is no secret; all else is for those
// who may ask.
func newHandler(gatherer prometheus.Gatherer, opts promhttp.HandlerOpts, rules access.Rules, ready func() error) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", guard(promhttp.HandlerFor(gatherer, opts), rules))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeText(w, "ok\n")
	})
	paths := "udplab\n\n/metrics  what is counted, for Prometheus\n/healthz  answers ok while the program runs\n"
	if ready != nil {
		mux.Handle("GET /ready", guard(readiness(ready), rules))
		paths += "/ready    answers 503 and why while the program runs and is not what it should be\n"
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { writeText(w, paths) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		mux.ServeHTTP(w, r)
	})
}

// guard lets those through who may ask. With a token any Host header will do:
// a page that had its name resolve to this machine does not know the token,
// while Prometheus may know this machine by any name.
func guard(next http.Handler, rules access.Rules) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		check := func() (int, error) { return rules.CheckHost(r) }
		if rules.Token.Given() {
			check = func() (int, error) { return rules.CheckToken(w, r) }
		}
		if status, err := check(); err != nil {
			refuse(w, status, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// readiness answers for /ready.
func readiness(ready func() error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := ready(); err != nil {
			refuse(w, http.StatusServiceUnavailable, err)
			return
		}
		writeText(w, "ready\n")
	})
}

// refuse answers with an error.
func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, err.Error()+"\n") // as in writeText
}

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	// The client went away: nobody is left to tell.
	_, _ = io.WriteString(w, text)
}

// Addr is the address the server listens on, with the port the system chose.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// URL is where the metrics are.
func (s *Server) URL() string { return "http://" + s.addr.String() + "/metrics" }

// Close lets running scrapes finish, for five seconds at most, cuts off what
// is left and waits for the serving goroutine. Closing again does nothing.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	<-s.done
	if !errors.Is(s.served, http.ErrServerClosed) {
		err = errors.Join(err, s.served)
	}
	return err
}
