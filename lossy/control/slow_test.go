package control

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// quick is a handler for tests of what is around it; it reads a body as the API
// does.
var quick = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		if _, status, err := readJSON(w, r); err != nil {
			refuse(w, status, err)
			return
		}
	}
	answer(w, struct{}{})
})

// H5: whoever is slow to send a header, a body or another request is cut off in
// the time for it, not sooner.
func TestH5_SlowClientsAreCutOffInTime(t *testing.T) {
	const post = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
	for _, c := range []struct {
		why, begins string
		every       time.Duration // a byte follows, 0 = nothing
		within      time.Duration
		answer      string // part of it
	}{
		{"says nothing", "", 0, standard.header, ""},
		{"never ends its header", "GET / HTTP/1.1\r\nHost: ", 0, standard.header, ""},
		{"drips its header", "GET / HTTP/1.1\r\nHost: ", time.Second, standard.header, ""},
		{"never sends its body", post + "Content-Length: 100\r\n\r\n{", 0, standard.request, "400 Bad Request"},
		{"drips its body", post + "Content-Length: 100\r\n\r\n{", time.Second, standard.request, "400 Bad Request"},
		{"drips a body in chunks", post + "Transfer-Encoding: chunked\r\n\r\n", 2 * time.Second, standard.request, "400 Bad Request"},
		{"never asks again", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 0, standard.idle, "200 OK"},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, listener := virtual(t, guard(quick, anyone))
			client := listener.dial()
			var dripping sync.WaitGroup
			defer dripping.Wait()
			defer client.Close()
			dripping.Go(func() {
				say(client, c.begins)
				for c.every > 0 {
					time.Sleep(c.every)
					if _, err := io.WriteString(client, "1"); err != nil {
						return
					}
				}
			})
			got, took := untilHungUp(t, client)
			// The server lingers half a second on what it answered with an error.
			if took < c.within || took > c.within+time.Second || !strings.Contains(got, c.answer) || c.answer == "" && got != "" {
				t.Errorf("who %s is cut off after %v with %q, want %v and %q", c.why, took, got, c.within, c.answer)
			}
		})
	}
}

// H5: a reader that takes nothing is cut off when the time to answer is over.
func TestH5_SlowReaderIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := make(chan error, 1)
		_, listener := virtual(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var err error
			for err == nil {
				_, err = w.Write(make([]byte, 1<<16))
			}
			done <- err
		}))
		client := listener.dial()
		defer client.Close()
		begun := time.Now()
		say(client, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
		err := <-done
		if took := time.Since(begun); err == nil || took != standard.response {
			t.Errorf("the answer ended after %v with %v, want %v and an error", took, err, standard.response)
		}
	})
}

// H5: however many connections do nothing, few are served at a time, all are
// got rid of, and nothing of them stays.
func TestH5_IdleConnections(t *testing.T) {
	clients := 10_000
	if raceEnabled {
		clients = 1000
	}
	synctest.Test(t, func(t *testing.T) {
		_, listener := virtual(t, guard(quick, anyone))
		synctest.Wait()
		base := runtime.NumGoroutine()
		all := make([]net.Conn, clients)
		for i := range all {
			all[i] = listener.dial()
		}
		synctest.Wait()
		if n := runtime.NumGoroutine() - base; n > 3*standard.connections {
			t.Errorf("%d goroutines for %d idle connections", n, clients)
		}
		begun := time.Now()
		for _, c := range all {
			c.SetReadDeadline(time.Now().Add(24 * time.Hour))
			if _, err := c.Read(make([]byte, 1)); err != io.EOF {
				t.Fatalf("an idle connection ended with %v", err)
			}
			c.Close()
		}
		waves := time.Duration((clients + standard.connections - 1) / standard.connections)
		if took := time.Since(begun); took != waves*standard.header {
			t.Errorf("%d idle connections were held for %v, want %d times %v", clients, took, waves, standard.header)
		}
		response, _ := ask(t, listener.dial(), "GET", "/")
		if response.StatusCode != 200 {
			t.Errorf("afterwards: %d", response.StatusCode)
		}
		synctest.Wait()
		n := runtime.NumGoroutine() - base
		for range 1_000_000 { // one that has ended is counted a moment longer
			if n <= 3 {
				return
			}
			runtime.Gosched()
			n = runtime.NumGoroutine() - base
		}
		t.Errorf("%d goroutines stayed", n)
	})
}

// H5: who begins with HTTP/2, or asks for it, gets HTTP/1 or nothing, and holds
// the connection no longer than others do.
func TestH5_H2CPreface(t *testing.T) {
	for _, c := range []struct{ begins, answer string }{
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 421"},
		{"PRI * HTTP/2.0\r\n\r\n", "HTTP/1.1 421"},
		{"PRI * HTTP/2.0\r\n", ""},
		{"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", "HTTP/1.1 200"},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, listener := virtual(t, guard(quick, anyone))
			client := listener.dial()
			defer client.Close()
			go say(client, c.begins)
			got, took := untilHungUp(t, client)
			if !strings.HasPrefix(got, c.answer) || c.answer == "" && got != "" || took > standard.header+time.Second {
				t.Errorf("%q: %q after %v, want %q within %v", c.begins, got, took, c.answer, standard.header)
			}
		})
	}
}

// H6: a header or a query that is too long is refused before it is looked at.
func TestH6_HugeHeaderAndQuery(t *testing.T) {
	for what, begins := range map[string]string{
		"header":  "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + strings.Repeat("x", 2*standard.headerBytes) + "\r\n\r\n",
		"headers": "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + strings.Repeat("X: y\r\n", standard.headerBytes) + "\r\n",
		"query":   "GET /?" + strings.Repeat("a=1&", standard.headerBytes) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"path":    "GET /" + strings.Repeat("%2e", 1<<20/3) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			_, listener := virtual(t, guard(quick, anyone))
			client := listener.dial()
			defer client.Close()
			go say(client, begins)
			if got, _ := untilHungUp(t, client); !strings.HasPrefix(got, "HTTP/1.1 431 ") {
				t.Errorf("huge %s: %.80q, want 431", what, got)
			}
		})
	}
}

// H2: a request of HTTP/1.0 may lack a Host header, and is not heard then.
func TestH2_MissingHost(t *testing.T) {
	for begins, want := range map[string]string{
		"GET / HTTP/1.0\r\n\r\n":                                       "HTTP/1.0 421 ",
		"GET / HTTP/1.1\r\n\r\n":                                       "HTTP/1.1 400 ",
		"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n":                    "HTTP/1.0 200 ",
		"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil\r\n\r\n":      "HTTP/1.1 400 ",
		"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n": "HTTP/1.1 421 ",
	} {
		synctest.Test(t, func(t *testing.T) {
			s, listener := virtual(t, guard(quick, anyone))
			client := listener.dial()
			defer client.Close()
			var got string
			read := make(chan struct{})
			go func() {
				defer close(read)
				got, _ = untilHungUp(t, client)
			}()
			say(client, begins)
			synctest.Wait()
			s.Close()
			<-read
			if !strings.HasPrefix(got, want) {
				t.Errorf("%q: %.60q, want %q", begins, got, want)
			}
		})
	}
}

// H12: a request that does not end does not hold up the end for more than five
// seconds.
func TestH12_ShutdownCutsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := newPipes()
		release := make(chan struct{})
		s := serve(listener, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }), standard)
		client := listener.dial()
		defer client.Close()
		say(client, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
		synctest.Wait()
		begun := time.Now()
		err := s.Close()
		if took := time.Since(begun); err == nil || took != standard.shutdown {
			t.Errorf("closed after %v with %v, want %v and an error", took, err, standard.shutdown)
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing again: %v", err)
		}
		close(release)
	})
	if standard.shutdown > 5*time.Second {
		t.Error(fmt.Sprint("shutdown may take ", standard.shutdown))
	}
}
