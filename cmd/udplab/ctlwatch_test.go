package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const watchedStats = `200 {"schema":"udplab/proxy-stats/v1","name":"dns","flows":%d,` +
	`"up":{"packets_in":%d,"packets_out":%d,"bytes_out":%d,"dropped":{"loss":%d},"lateness_us":{"p99":55.5}},"down":{"dropped":{}}}`

// steppingAPI counts on with every look.
type steppingAPI struct {
	looks atomic.Int64
}

func (a *steppingAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/proxies":
		_, list, _ := strings.Cut(oneProxy, " ")
		io.WriteString(w, list)
		return
	case "/events": // a stream in which nothing happens, until the client goes
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return
	}
	n := a.looks.Add(1)
	_, stats, _ := strings.Cut(fmt.Sprintf(watchedStats, n, 1000*n, 900*n, 125000*n, 100*n), " ")
	io.WriteString(w, stats)
}

// The clock of the test moves a second with every look.
func watchDeps(terminal bool, url string) (d deps, stdout, stderr *bytes.Buffer) {
	d, stdout, stderr = testDeps(terminal, 40, map[string]string{"UDPLAB_API": url, "NO_COLOR": "1"})
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.Local)
	d.now = func() time.Time { now = now.Add(time.Second / 2); return now }
	return d, stdout, stderr
}

func TestCtlWatch(t *testing.T) {
	for _, c := range []struct {
		name     string
		terminal bool
		args     string
		want     string
	}{
		// The clock is read once more for every line that has the time.
		{"pipe", false, "--count 2", "12:00:01\tdns\t2\t2k\t1.8k\t10.0%\t2M\t0\t0\t-\t0\t55.5µs\n" +
			"12:00:02\tdns\t3\t1k\t900\t10.0%\t1M\t0\t0\t-\t0\t55.5µs\n"},
		{"terminal", true, "dns --count 2", "Proxy  Flows  Up in/s  out/s  lost   b…\x1b[K\ndns    2      2k       1.8k   10.0%  2…\x1b[K\n\x1b[J" +
			"\r\x1b[2AProxy  Flows  Up in/s  out/s  lost   b…\x1b[K\ndns    3      2k       1.8k   10.0%  2…\x1b[K\n\x1b[J"},
		{"jsonl", false, "-o jsonl --count 1", `{"schema":"udplab/ctl-watch/v1","time":"TIME","proxy":"dns","stats":` +
			strings.TrimPrefix(fmt.Sprintf(watchedStats, 2, 2000, 1800, 250000, 200), "200 ") + "}\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(&steppingAPI{})
			defer server.Close()
			d, stdout, stderr := watchDeps(c.terminal, server.URL)
			code := run(context.Background(), append([]string{"ctl", "watch", "--every", "10ms"}, strings.Fields(c.args)...), d)
			got := regexp.MustCompile(`"time":"[0-9TZ:.-]+"`).ReplaceAllString(stdout.String(), `"time":"TIME"`)
			if code != 0 || got != c.want || stderr.Len() > 0 {
				t.Errorf("code %d, stdout\n%q, want\n%q\nstderr %s", code, got, c.want, stderr)
			}
		})
	}
}

// Ctrl-C is how it ends, and no error.
func TestCtlWatchEndsBySignal(t *testing.T) {
	server := httptest.NewServer(&steppingAPI{})
	defer server.Close()
	for _, verb := range []string{"watch", "events"} {
		d, _, stderr := watchDeps(false, server.URL)
		signals := make(chan os.Signal, 1)
		signals <- os.Interrupt
		d.signals = signals
		if code := run(context.Background(), []string{"ctl", verb}, d); code != 0 || stderr.Len() > 0 {
			t.Errorf("%s: code %d, stderr %s", verb, code, stderr)
		}
	}
}
