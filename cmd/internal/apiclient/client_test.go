package apiclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve answers with a handler until the test ends.
func serve(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	c, err := New(s.URL, "sesame", 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"127.0.0.1:8474", "http://127.0.0.1:8474"},
		{":8474", "http://127.0.0.1:8474"},
		{"localhost:8474", "http://localhost:8474"},
		{"[::1]:8474", "http://[::1]:8474"},
		{"http://127.0.0.1:8474/", "http://127.0.0.1:8474"},
		{"https://lab.example/udp", "https://lab.example/udp"},
	} {
		client, err := New(c.address, "", 0)
		if err != nil {
			t.Errorf("%s: %v", c.address, err)
		} else if got := client.URL(); got != c.want {
			t.Errorf("%s is at %s, want %s", c.address, got, c.want)
		}
	}
	for _, address := range []string{"", "ftp://x", "http://", "http://u:p@x", "http://x?y", "http://x#y", "a b:1", "http://[::1"} {
		if c, err := New(address, "", 0); err == nil {
			t.Errorf("%q is taken as %s", address, c.URL())
		}
	}
	if _, err := New("x:1", "se same\n", 0); err == nil || strings.Contains(err.Error(), "same") {
		t.Errorf("a token with a line feed: %v, want a refusal that does not tell it", err)
	}
}

func TestDo(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, `{"saw": "%s %s %s|%s|%s|%s"}`+"\n", r.Method, r.URL.EscapedPath(), body,
			r.Header.Get("Content-Type"), r.Header.Get("Authorization"), r.Header.Get("User-Agent"))
	})
	got, err := c.Do(t.Context(), "PATCH", Path("proxies", "a/b c"), []byte("[1]"))
	if want := `{"saw": "PATCH /proxies/a%2Fb%20c [1]|application/json|Bearer sesame|udplab-ctl"}`; err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	got, err = c.Do(t.Context(), "GET", "/x", nil)
	if want := `{"saw": "GET /x ||Bearer sesame|udplab-ctl"}`; err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		status     int
		body, want string
		refused    int
	}{
		{204, "", "", 0},
		{200, `{"a": 1}`, "", 0},
		{400, `{"error": "unknown field \"los\"", "status": 400}`, `unknown field "los"`, 400},
		{401, `{"error": "no token", "status": 401}`, `no token`, 401},
		// Some other server.
		{404, "404 page not found", "HTTP status 404 Not Found, which is no answer of a proxy's API", 0},
		{500, `{"message": "x"}`, "HTTP status 500", 0},
		{302, "", "HTTP status 302", 0},
		{200, "<html>", "answers something other than JSON", 0},
		{200, `"` + strings.Repeat("x", MaxAnswer) + `"`, "an answer of more than 16 MiB", 0},
	} {
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				t.Error("a redirect was followed")
			}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		})
		_, err := client.Do(t.Context(), "GET", "/", nil)
		if c.want == "" {
			if err != nil {
				t.Errorf("%d %s: %v", c.status, c.body, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d %.40s: %v, want %s", c.status, c.body, err, c.want)
		}
		var refused *Error
		if errors.As(err, &refused) != (c.refused != 0) || refused != nil && refused.Status != c.refused {
			t.Errorf("%d %.40s: %T %v", c.status, c.body, err, err)
		}
		if c.refused == 0 && !errors.As(err, new(*UnreachableError)) {
			t.Errorf("%d %.40s: %T, want it unreachable", c.status, c.body, err)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // nobody accepts
	silent, err := New(l.Addr().String(), "", time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	_, err = silent.Do(t.Context(), "GET", "/", nil)
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) || unreachable.URL != silent.URL() {
		t.Errorf("a server that says nothing: %v", err)
	}
	closed, err := New("127.0.0.1:1", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = closed.Do(t.Context(), "GET", "/", nil); !errors.As(err, &unreachable) || strings.Contains(err.Error(), "Get \"") {
		t.Errorf("a port where nobody listens: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = closed.Do(ctx, "GET", "/", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a request that was cancelled: %v", err)
	}
}

func TestStream(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		io.WriteString(w, ": hello\n\nid: 7\nevent: changed\ndata: {\"a\":\ndata: 1}\n\ndata:two\r\n\r\nevent: empty\n\nretry: 5\ndata\n\ndata: cut off")
	})
	var got []Event
	err := c.Stream(t.Context(), "/events", func(e Event) error { got = append(got, e); return nil })
	want := []Event{{"7", "changed", "{\"a\":\n1}"}, {"7", "message", "two"}, {"7", "message", ""}}
	if fmt.Sprint(got) != fmt.Sprint(want) || !errors.Is(err, io.EOF) {
		t.Errorf("%q, %v; want %q and the end", got, err, want)
	}
	enough := errors.New("enough")
	if err := c.Stream(t.Context(), "/events", func(Event) error { return enough }); err != enough {
		t.Errorf("%v, want the receiver's own error", err)
	}
}

func TestBadStreams(t *testing.T) {
	for _, c := range []struct{ media, body, want string }{
		{"application/json", "{}", "answers no events"},
		{"text/event-stream", "data: " + strings.Repeat("x", maxEvent), "an event of more than 1024 KiB"},
		{"text/event-stream", strings.Repeat("data: "+strings.Repeat("x", 1000)+"\n", 2000), "an event of more than 1024 KiB"},
	} {
		client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.media)
			io.WriteString(w, c.body)
		})
		err := client.Stream(t.Context(), "/events", func(Event) error { t.Error("an event"); return nil })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %.20s: %v, want %s", c.media, c.body, err, c.want)
		}
	}
	refusing := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"error":"no such path","status":404}`)
	})
	var refused *Error
	if err := refusing.Stream(t.Context(), "/events", nil); !errors.As(err, &refused) || refused.Status != 404 {
		t.Errorf("%v, want the refusal", err)
	}
}

// A stream lasts as long as its reader wants, whatever the time for an answer is.
func TestStreamEndsWithContext(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: one\n\n")
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-release:
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	if err := c.Stream(ctx, "/events", func(Event) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the context's error", err)
	}
}
