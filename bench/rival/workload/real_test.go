package workload

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"udplab/bench/rival/contender"
	"udplab/bench/rival/tunnel"
)

// TestIdleTellsTheSidesApart runs the two processes of kernel TCP, whose
// connections hold a few hundred bytes of Go's heap and no goroutine.
func TestIdleTellsTheSidesApart(t *testing.T) {
	found, err := contender.Find([]string{contender.TCPName})
	if err != nil {
		t.Fatal(err)
	}
	values, err := runIdle(t.Context(), found[0], Settings{Packet: 1452, Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, side := range []string{"server", "client"} {
		if got := values[side+"_heap_bytes"]; got < 50 || got > 4096 {
			t.Errorf("%s: %v bytes of heap a connection", side, got)
		}
		if got := values[side+"_goroutines"]; got < -0.1 || got > 0.1 {
			t.Errorf("%s: %v goroutines a connection, want none", side, got)
		}
		if _, ok := values[side+"_cpu_percent"]; !ok {
			t.Errorf("%s: no CPU", side)
		}
	}
}

// A side that is told nonsense says so and goes on.
func TestIdleSideRefuses(t *testing.T) {
	var out strings.Builder
	in := strings.NewReader("{\"do\":\"dance\"}\n{\"do\":\"dial\",\"to\":\"127.0.0.1:1\",\"n\":1}\n{\"do\":\"measure\"}\n")
	if err := IdleSide([]string{contender.TCPName, "1452"}, in, &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], `unknown order \"dance\"`) ||
		!strings.Contains(lines[1], "connection 0: ") || !strings.Contains(lines[2], `"failed":""`) {
		t.Errorf("answers:\n%s", out.String())
	}
	for _, args := range [][]string{nil, {"nobody", "1452"}, {contender.TCPName, "many"}} {
		if err := IdleSide(args, strings.NewReader(""), &out); err == nil {
			t.Errorf("arguments %q were taken", args)
		}
	}
}

// TestGameThroughTheProxy sends through the proxy and looks at what it says: the
// delay of half a round trip, and little more bytes than messages have.
func TestGameThroughTheProxy(t *testing.T) {
	values, err := runGame(t.Context(), contender.Ours(), &proxied{network: badNetwork(0, 0)}, Settings{Packet: 1452, Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := values["p50_ms"]; got < 25 {
		t.Errorf("p50 one way is %v ms, less than half the round trip", got)
	}
	if got := values["wire_ahead_bytes_per_message"]; got < gameSize || got > 2*gameSize {
		t.Errorf("%v bytes on the wire for a message of %d", got, gameSize)
	}
}

// passed checks figures against what a bottleneck lets through.
func passed(t *testing.T, values map[string]float64) {
	t.Helper()
	if got := values["goodput_mbit_s"]; got <= 0 || got > bottleneckRate/1e6 {
		t.Errorf("goodput %v Mbit/s of %v", got, bottleneckRate/1e6)
	}
	if got, ok := values["path_late_p99_ms"]; !ok || got < 0 {
		t.Errorf("the path was %v ms late", got)
	}
	if got := values["wire_per_goodput"]; got < 1 {
		t.Errorf("%v bytes on the wire for a byte that arrived", got)
	}
}

func TestBottleneckIsOne(t *testing.T) {
	values, err := runBottleneck(t.Context(), contender.Ours(), &proxied{network: badNetwork(0, bottleneckRate)}, Settings{Packet: 1452, Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	passed(t, values)
}

// Every workload names rows and metrics that exist once, and its main metric
// among them: records and tables go by these names.
func TestWorkloadsAreWellFormed(t *testing.T) {
	rows := make(map[string]bool)
	for _, w := range All() {
		if len(w.Rows) == 0 {
			t.Errorf("%s has no rows", w.Name)
		}
		for _, row := range w.Rows {
			if rows[row] {
				t.Errorf("row %s exists twice", row)
			}
			rows[row] = true
		}
		if !slices.ContainsFunc(w.Metrics, func(m Metric) bool { return m.Key == w.Main }) {
			t.Errorf("%s: its main metric %q is none of it", w.Name, w.Main)
		}
		if n := len(slices.DeleteFunc(contender.All(), func(c contender.Contender) bool { return !w.Takes(c) })); n < 2 {
			t.Errorf("%s: %d contenders", w.Name, n)
		}
	}
}

// TestTCPThroughATunnel has kernel TCP meet the same network as all others.
func TestTCPThroughATunnel(t *testing.T) {
	found, err := contender.Find([]string{contender.TCPName})
	if err != nil {
		t.Fatal(err)
	}
	p, tcp, err := through(found[0], badNetwork(0, bottleneckRate))
	if errors.Is(err, tunnel.ErrUnavailable) {
		t.Skipf("tunnels are root's: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	values, err := runBottleneck(t.Context(), tcp, p, Settings{Packet: 1452, Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	passed(t, values)
}

func TestQuickIsShort(t *testing.T) {
	if got := (Settings{Quick: true}).length(time.Hour, time.Second); got != time.Second {
		t.Errorf("quick length %v", got)
	}
	if got := (Settings{}).length(time.Hour, time.Second); got != time.Hour {
		t.Errorf("full length %v", got)
	}
}
