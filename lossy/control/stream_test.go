package control

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy/proxy"
)

// unit is a proxy that a stream asks, without sockets.
type unit struct {
	mu   sync.Mutex
	late error
}

func (u *unit) Stats() proxy.Stats { return proxy.Stats{Flows: 3} }

func (u *unit) Ready() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.late
}

func (u *unit) set(late error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.late = late
}

// streaming serves streams of the events alone, behind the guards, about the
// units; only for use in a synctest bubble.
func streaming(t *testing.T, units map[string]*unit) (*Server, *pipes, *Events) {
	e := newEvents(time.Now)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serveStream(w, r, e, r.URL.Path[1:], func() (all []named) {
			for name, u := range units {
				all = append(all, named{name, u})
			}
			return all
		})
	})
	s, p := virtual(t, guard(h, anyone))
	return s, p, e
}

// listener is a client of a stream.
type listener struct {
	net.Conn
	status int
	header http.Header
	frames *bufio.Reader
}

func openStream(t *testing.T, p *pipes, target, header string) *listener {
	t.Helper()
	c := p.dial()
	t.Cleanup(func() { c.Close() })
	say(c, "GET "+target+" HTTP/1.1\r\nHost: 127.0.0.1\r\n"+header+"\r\n")
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{c, response.StatusCode, response.Header, bufio.NewReader(response.Body)}
	if l.status == 200 {
		if frame := l.frame(t); !strings.HasPrefix(frame, ":") {
			t.Errorf("the stream begins with %q, want a comment", frame)
		}
	}
	return l
}

// frame reads up to an empty line; "" is the end of the stream.
func (l *listener) frame(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for {
		line, err := l.frames.ReadString('\n')
		if err != nil {
			if b.Len() > 0 {
				t.Errorf("the stream ends within %q", b.String())
			}
			return ""
		}
		b.WriteString(line)
		if line == "\n" {
			return b.String()
		}
	}
}

// event reads the next frame that is no comment.
func (l *listener) event(t *testing.T) got {
	t.Helper()
	for {
		switch frame := l.frame(t); {
		case frame == "":
			t.Fatal("the stream has ended")
		case !strings.HasPrefix(frame, ":"):
			return parseFrame(t, frame)
		}
	}
}

// A stream lasts longer than any request may, tells things as they happen, and
// says something now and then, so that both ends know of each other.
func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p, e := streaming(t, nil)
		l := openStream(t, p, "/", "")
		for name, want := range map[string]string{
			"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Access-Control-Allow-Origin": "",
		} {
			if got := l.header.Get(name); l.status != 200 || got != want {
				t.Errorf("%d, %s: %q, want %q", l.status, name, got, want)
			}
		}
		begun := time.Now()
		for range 10 {
			if frame := l.frame(t); frame != ":\n\n" {
				t.Fatalf("got %q, want a sign of life", frame)
			}
		}
		if took := time.Since(begun); took != 10*streamAlive || took < 2*standard.idle {
			t.Errorf("10 signs of life took %v, want one each %v", took, streamAlive)
		}
		for i := range 3 {
			if err := e.Publish(EventScenario, "a", i); err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprint("a scenario ", i)
			if got := l.event(t); got.text() != want || got.id != e.id(uint64(i+1)) || !got.data.Time.Equal(time.Now()) {
				t.Errorf("got %s %s at %v, want %s now", got.id, got.text(), got.data.Time, want)
			}
			time.Sleep(streamAlive - time.Second)
		}
	})
}

// A stream of one proxy has its events alone, and one that comes back has what
// it missed.
func TestStreamOfOneThatComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p, e := streaming(t, nil)
		l := openStream(t, p, "/b", "")
		publish := func() {
			for _, name := range []string{"a", "b", "a", "b"} {
				if err := e.Publish(EventScenario, name, nil); err != nil {
					t.Error(err)
				}
			}
		}
		publish()
		if first, second := l.event(t), l.event(t); first.id != e.id(2) || second.id != e.id(4) {
			t.Errorf("got %s and %s, want the events of b", first.id, second.id)
		}
		l.Close()
		publish()
		again := openStream(t, p, "/b", "Last-Event-ID: "+e.id(4)+"\r\n")
		if got := again.event(t); got.id != e.id(6) {
			t.Errorf("who comes back hears %s first, want %s", got.id, e.id(6))
		}
		stranger := openStream(t, p, "/b", "Last-Event-ID: elsewhere-4\r\n")
		if got := stranger.event(t); got.kind != "missed" || got.id != "" {
			t.Errorf("whose last event is of another run hears %s %s first, want that it missed some", got.id, got.kind)
		}
		if got := stranger.event(t); got.id != e.id(2) {
			t.Errorf("and then %s, want %s", got.id, e.id(2))
		}
	})
}

// Counts come as often as asked for, and a warning when a proxy begins to be
// late, once.
func TestStreamTellsCountsAndLateness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dns := &unit{}
		_, p, _ := streaming(t, map[string]*unit{"dns": dns})
		l := openStream(t, p, "/?stats=10s", "")
		begun := time.Now()
		if got := l.event(t); got.kind != "stats" || !strings.Contains(string(got.data.Details), `"flows":3`) || time.Since(begun) != 10*time.Second {
			t.Errorf("got %s after %v, want the counts after 10s", got.text(), time.Since(begun))
		}
		dns.set(errors.New("too late"))
		if got := l.event(t); got.text() != `dns late {"error":"too late"}` || time.Since(begun) > 11*time.Second {
			t.Errorf("got %s after %v, want that it is late", got.text(), time.Since(begun))
		}
		if got := l.event(t); got.kind != "stats" {
			t.Errorf("got %s, want the counts again", got.text())
		}
		dns.set(nil)
		if got := l.event(t); got.text() != "dns on-time" {
			t.Errorf("got %s, want that it is on time", got.text())
		}
	})
}

// H11: one client that takes nothing is dropped, at a bounded number of events,
// while publishers are not held up and others hear all.
func TestH11_StalledStreamIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p, e := streaming(t, nil)
		stalled, healthy := openStream(t, p, "/", ""), openStream(t, p, "/", "")
		heard := make(chan int)
		go func() {
			n := 0
			for healthy.frame(t) != "" {
				n++
			}
			heard <- n
		}()
		synctest.Wait()
		begun := time.Now()
		const events = 4 * maxBehind
		for range events {
			if err := e.Publish(EventScenario, "a", strings.Repeat("x", 1000)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait() // the healthy one has read it
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("publishing took %v of virtual time, want none", took)
		}
		e.mu.Lock()
		if n := len(e.watching); n != 1 {
			t.Errorf("%d streams are watched, want the healthy one", n)
		}
		e.mu.Unlock()
		time.Sleep(streamWrite)
		synctest.Wait()
		if _, err := stalled.Write([]byte("x")); err == nil {
			t.Errorf("the connection of the stalled one is open after %v", streamWrite)
		}
		healthy.Close()
		if n := <-heard; n != events {
			t.Errorf("the healthy one heard %d of %d", n, events)
		}
		synctest.Wait()
		e.mu.Lock()
		defer e.mu.Unlock()
		if n := len(e.watching); n != 0 {
			t.Errorf("%d streams are watched after both have gone", n)
		}
	})
}

// H11: more streams than there may be are told to come again, and a client that
// goes makes room.
func TestH11_StreamsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p, _ := streaming(t, nil)
		var all []*listener
		for range MaxStreams {
			all = append(all, openStream(t, p, "/", ""))
		}
		if l := openStream(t, p, "/", ""); l.status != 503 || l.header.Get("Retry-After") == "" {
			t.Errorf("one more: %d, Retry-After %q", l.status, l.header.Get("Retry-After"))
		}
		if response, _ := ask(t, p.dial(), "HEAD", "/"); response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("HEAD: %d %v", response.StatusCode, response.Header)
		}
		all[3].Close()
		synctest.Wait()
		if l := openStream(t, p, "/", ""); l.status != 200 {
			t.Errorf("after one has gone: %d", l.status)
		}
	})
}

// H11: a page of another origin can open no stream, though it is only a GET.
func TestH11_CrossOriginStreamsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p, _ := streaming(t, nil)
		for header, want := range map[string]int{
			"Sec-Fetch-Site: cross-site\r\n":    403,
			"Sec-Fetch-Site: same-site\r\n":     403,
			"Origin: http://evil.example\r\n":   403,
			"Sec-Fetch-Site: same-origin\r\n":   200,
			"Origin: http://127.0.0.1\r\n":      200,
			"Accept: text/event-stream\r\n":     200,
			"Sec-Fetch-Site: none\r\nX: y\r\n":  200,
			"Origin: http://127.0.0.1:9090\r\n": 403,
		} {
			if l := openStream(t, p, "/", header); l.status != want {
				t.Errorf("%q: %d, want %d", header, l.status, want)
			}
		}
	})
}

// H12: closing the server ends streams at once, however little they read.
func TestH12_ShutdownEndsStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p, e := streaming(t, map[string]*unit{"dns": {}})
		reading := openStream(t, p, "/?stats=1s", "")
		ended := make(chan bool)
		go func() {
			for reading.frame(t) != "" {
			}
			ended <- true
		}()
		idle := openStream(t, p, "/", "")
		rest := make(chan string)
		go func() {
			b, err := io.ReadAll(idle.frames)
			rest <- fmt.Sprintf("%q %v", b, err)
		}()
		synctest.Wait()
		begun := time.Now()
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if took := time.Since(begun); took > time.Second {
			t.Errorf("closing took %v, want no more than the server's polling", took)
		}
		<-ended
		if got := <-rest; got != `"" <nil>` {
			t.Errorf("the idle one is sent %s, want a clean end", got)
		}
		if err := e.Publish(EventRemoved, "dns", nil); err != nil || len(e.watching) != 0 {
			t.Errorf("%d streams are watched after the end, %v", len(e.watching), err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s, p, e := streaming(t, nil)
		openStream(t, p, "/", "") // and reads no more
		for range 2 {
			if err := e.Publish(EventScenario, "a", nil); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		begun := time.Now()
		err := s.Close()
		if took := time.Since(begun); err != nil || took >= standard.shutdown {
			t.Errorf("closing with a stalled stream took %v, %v", took, err)
		}
	})
}

// What a stream cannot be asked for is refused by name.
func TestStreamQuery(t *testing.T) {
	f := testFleet(t)
	h := NewHandler(f, anyone)
	if _, err := f.Add("default", proxy.Config{Listen: "127.0.0.1:0", Upstream: "127.0.0.1:9"}); err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{
		"/events?stats=1":                        "stats: ",
		"/events?stats=1ms":                      "stats 1ms: must be between 250ms and 1h0m0s",
		"/events?stats=2h":                       "stats 2h0m0s: must be between",
		"/events?stats=-1s":                      "stats",
		"/events?stats=1s&stats=2s":              "stats stands twice",
		"/events?stat=1s":                        `unknown parameter "stat"`,
		"/proxies/default/events?%zz":            "cannot be read",
		"/proxies/default/events?token=x":        `unknown parameter "token"`,
		"/proxies/default/flows?limit=1001":      `limit "1001": must be a number between 0 and 1000`,
		"/proxies/default/flows?limit=-1":        "limit",
		"/proxies/default/flows?limit=all":       "limit",
		"/proxies/default/flows?limit=1&limit=1": "limit stands twice",
		"/proxies/default/flows?offset=1":        `unknown parameter "offset"`,
	} {
		w := request{method: "GET", path: target}.do(t, h)
		if text := refusal(t, w); w.Code != 400 || !strings.Contains(text, want) {
			t.Errorf("GET %s: %d %q, want 400 and %q", target, w.Code, text, want)
		}
	}
	for _, target := range []string{"/proxies/none/events", "/proxies/none/flows"} {
		if w := (request{method: "GET", path: target}).do(t, h); w.Code != 404 {
			t.Errorf("GET %s: %d, want 404", target, w.Code)
		}
	}
	for _, target := range []string{"/events", "/proxies/default/events", "/proxies/default/flows"} {
		if w := (request{method: "POST", path: target, body: "{}"}).do(t, h); w.Code != 405 {
			t.Errorf("POST %s: %d, want 405", target, w.Code)
		}
	}
}

// Over real sockets, with the standard limits: what is done by one client is
// heard by another, and the end of the server is the end of the stream.
func TestStreamOnSockets(t *testing.T) {
	f := testFleet(t)
	if _, err := f.Add("default", proxy.Config{Listen: "127.0.0.1:0", Upstream: "127.0.0.1:9"}); err != nil {
		t.Fatal(err)
	}
	s, err := Serve("127.0.0.1:0", f, anyone)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	response, err := client.Get(s.URL() + "/proxies/default/events?stats=250ms")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	l := &listener{frames: bufio.NewReader(response.Body)}
	l.frame(t)
	f.Proxy("default").Rebind()
	var kinds []string
	for !slices.Contains(kinds, "stats") || !slices.Contains(kinds, "rebind") {
		kinds = append(kinds, l.event(t).kind)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close with an open stream: %v", err)
	}
	for l.frame(t) != "" {
	}
}
