package metrics

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/goleak"

	"udplab/lossy/control/access"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func serve(t *testing.T, addr string) *Server {
	t.Helper()
	s, err := Serve(addr, NewRegistry(), nil, access.Rules{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(b)
}

func TestServerAnswersOnAFreeLoopbackPort(t *testing.T) {
	for _, addr := range []string{"", ":0", "127.0.0.1:0"} {
		s := serve(t, addr)
		if s.Addr().Addr() != netip.MustParseAddr("127.0.0.1") || s.Addr().Port() == 0 {
			t.Errorf("Serve(%q) listens on %v, want 127.0.0.1 and a chosen port", addr, s.Addr())
		}
		if status, body := get(t, s.URL()); status != 200 || !strings.Contains(body, "\nudplab_build_info{") || !strings.Contains(body, "\ngo_goroutines ") {
			t.Errorf("GET /metrics: got %d and\n%s", status, body)
		}
		base := "http://" + s.Addr().String()
		if status, body := get(t, base+"/healthz"); status != 200 || body != "ok\n" {
			t.Errorf("GET /healthz: got %d %q, want 200 ok", status, body)
		}
		if status, body := get(t, base+"/"); status != 200 || !strings.Contains(body, "/metrics") {
			t.Errorf("GET /: got %d %q, want a list of the paths", status, body)
		}
	}
}

func TestServerRefusesAddresses(t *testing.T) {
	taken := serve(t, "")
	for addr, want := range map[string]string{
		"9090":                "want host:port",
		"127.0.0.1:none":      "none",
		taken.Addr().String(): "in use",
	} {
		s, err := Serve(addr, NewRegistry(), nil, access.Rules{}, nil)
		if err == nil {
			s.Close()
			t.Errorf("Serve(%q) opened", addr)
			continue
		}
		if !strings.HasPrefix(err.Error(), "metrics: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("Serve(%q): got %q, want one about %q", addr, err, want)
		}
	}
}

// local has a request come to this machine by name.
func local(r *http.Request) *http.Request {
	r.Host = "localhost:9090"
	return r
}

// Nothing but reads is served, nothing but the three paths exists, and pprof,
// expvar and the global mux are not reachable.
func TestServerRefusesOtherMethodsAndPaths(t *testing.T) {
	handler := newHandler(NewRegistry(), promhttp.HandlerOpts{}, access.Rules{}, nil)
	for request, want := range map[string]int{
		"HEAD /metrics":       200,
		"POST /metrics":       405,
		"PUT /healthz":        405,
		"FOO /metrics":        405,
		"GET /metrics/x":      404,
		"GET /debug/pprof/":   404,
		"GET /debug/vars":     404,
		"DELETE /":            405,
		"GET /unknown?x=2":    404,
		"OPTIONS /metrics":    405,
		"GET /metrics?name=x": 200,
	} {
		method, target, _ := strings.Cut(request, " ")
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, local(httptest.NewRequest(method, target, nil)))
		if recorder.Code != want {
			t.Errorf("%s: got %d, want %d", request, recorder.Code, want)
		}
		if got := recorder.Header().Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options: got %q, want nosniff", request, got)
		}
	}
}

// /ready says what the program says of itself, to those who may ask, where there
// is something to say.
func TestServerTellsReadiness(t *testing.T) {
	var late error
	ready := func() error { return late }
	ask := func(rules access.Rules, ready func() error, path string) (int, string) {
		w := httptest.NewRecorder()
		newHandler(NewRegistry(), promhttp.HandlerOpts{}, rules, ready).ServeHTTP(w, local(httptest.NewRequest("GET", path, nil)))
		return w.Code, w.Body.String()
	}
	if status, body := ask(access.Rules{}, ready, "/ready"); status != 200 || body != "ready\n" {
		t.Errorf("GET /ready: got %d %q, want 200 ready", status, body)
	}
	late = errors.New("datagrams leave late")
	if status, body := ask(access.Rules{}, ready, "/ready"); status != 503 || body != "datagrams leave late\n" {
		t.Errorf("GET /ready while late: got %d %q, want 503 and why", status, body)
	}
	if status, body := ask(access.Rules{}, ready, "/"); status != 200 || !strings.Contains(body, "\n/ready ") {
		t.Errorf("GET /: got %d %q, want /ready among the paths", status, body)
	}
	if status, body := ask(tokenRules(t), ready, "/ready"); status != 401 || strings.Contains(body, "leave late") {
		t.Errorf("GET /ready without the token: got %d %q, want 401 and nothing of the state", status, body)
	}
	if status, _ := ask(access.Rules{}, nil, "/ready"); status != 404 {
		t.Errorf("GET /ready where nobody knows: got %d, want 404", status)
	}
	if _, body := ask(access.Rules{}, nil, "/"); strings.Contains(body, "/ready") {
		t.Errorf("GET / lists /ready where nobody knows: %q", body)
	}
}

// H10: a client picks the method, the path and the headers of its request; none of
// them may make a series (client_golang CVE-2022-21698).
func TestH10_OddRequestsMakeNoSeries(t *testing.T) {
	registry := NewRegistry()
	registry.MustRegister(NewReliable(), NewRaw(), NewProxy(), NewLatency())
	handler := newHandler(registry, promhttp.HandlerOpts{}, access.Rules{}, nil)
	before := ourSeries(t, registry)
	for i := range 5000 {
		request := local(httptest.NewRequest(fmt.Sprintf("ODD%d", i), fmt.Sprintf("/metrics?a=%d", i), nil))
		request.Header.Set("User-Agent", fmt.Sprint(i))
		handler.ServeHTTP(httptest.NewRecorder(), request)
	}
	if after := ourSeries(t, registry); after != before {
		t.Errorf("series after 5000 odd requests: got %d, want the %d from before", after, before)
	}
}

// ourSeries counts the series of udplab; those of the Go runtime come and go
// with the version.
func ourSeries(t *testing.T, gatherer prometheus.Gatherer) int {
	t.Helper()
	families, err := gatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "udplab_") {
			n += len(f.GetMetric())
		}
	}
	return n
}

// Every limit a slow or greedy client runs into is set: a zero would mean no
// limit.
func TestServerHasLimits(t *testing.T) {
	s := newHTTPServer(NewRegistry(), nil, access.Rules{}, nil)
	for name, limit := range map[string]bool{
		"ReadHeaderTimeout": s.ReadHeaderTimeout == readHeaderTimeout,
		"ReadTimeout":       s.ReadTimeout == readTimeout,
		"WriteTimeout":      s.WriteTimeout == writeTimeout,
		"IdleTimeout":       s.IdleTimeout == idleTimeout,
		"MaxHeaderBytes":    s.MaxHeaderBytes == maxHeaderBytes,
	} {
		if !limit {
			t.Errorf("%s is not set", name)
		}
	}
}

// An idle client must not hold up the end of the program.
func TestCloseDoesNotWaitForIdleClients(t *testing.T) {
	s, err := Serve("", NewRegistry(), nil, access.Rules{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	fmt.Fprintf(client, "GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(client), nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(response.Body); string(body) != "ok\n" {
		t.Errorf("answer before closing: got %q, want ok", body)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close with an idle client: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := net.Dial("tcp", s.Addr().String()); err == nil {
		t.Error("the address still answers after Close")
	}
}
