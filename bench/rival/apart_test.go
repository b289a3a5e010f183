package main

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"udplab/bench/rival/contender"
	"udplab/bench/rival/record"
	"udplab/bench/rival/workload"
)

// planApart is a plan of one fake workload for those contenders, apart.
func planApart(t *testing.T, name string, stderr io.Writer, names ...string) plan {
	t.Helper()
	workloads, unknown := choose(fakes(), []string{name})
	found, err := contender.Find(names)
	if err != nil || len(unknown) > 0 {
		t.Fatal(err, unknown)
	}
	return plan{
		workloads: workloads, contenders: found, repetitions: 1,
		settings: workload.Settings{Packet: 1234, Quick: true}, way: (&apart{stderr: stderr}).trial,
	}
}

// The process has the settings of the program; what a contender prints does not
// stand in the way of its figures.
func TestATrialApartHasTheSettings(t *testing.T) {
	var r record.Record
	planApart(t, "well", io.Discard, "ours").run(t.Context(), &r)
	if len(r.Cells) != 2 || r.Cells[0].Workload != "well-1" || r.Cells[1].Runs[0].Values["x"] != 1234 {
		t.Errorf("cells: %+v", r.Cells)
	}
}

// Who crashes has rows that say why, the others their figures, and people the
// whole trace.
func TestACrashIsOneContenders(t *testing.T) {
	var r record.Record
	var stderr strings.Builder
	planApart(t, "crash", &stderr, "ours", "tcp", "quic-go").run(t.Context(), &r)
	if len(r.Cells) != 6 || !r.Complete {
		t.Fatalf("cells: %+v, complete: %v", r.Cells, r.Complete)
	}
	for _, c := range r.Cells {
		want := ""
		if c.Contender == "tcp" {
			want = "crashed (exit status 2): panic: a bug was met"
		}
		if got := c.Runs[0]; got.Failed != want || (got.Values["x"] == 1) != (want == "") {
			t.Errorf("%s of %s: %+v, want %q", c.Workload, c.Contender, got, want)
		}
	}
	for _, want := range []string{"a warning\n", "panic: a bug was met\n", "fake_test.go:"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("no %q on stderr:\n%s", want, stderr.String())
		}
	}
}

// A process that ends well and has said nothing is as good as crashed.
func TestNoOutcomes(t *testing.T) {
	var r record.Record
	planApart(t, "leave", io.Discard, "ours").run(t.Context(), &r)
	if got := r.Cells[0].Runs[0].Failed; got != "crashed (outcomes: unexpected end of JSON input)" {
		t.Errorf("failed: %q", got)
	}
}

func TestWhoNeverEndsIsKilled(t *testing.T) {
	var r record.Record
	p := planApart(t, "hang", io.Discard, "ours")
	p.limit = 300 * time.Millisecond
	p.run(t.Context(), &r)
	if len(r.Cells) != 2 || !r.Complete {
		t.Fatalf("cells: %+v, complete: %v", r.Cells, r.Complete)
	}
	for _, c := range r.Cells {
		if got := c.Runs[0].Failed; got != "does not end: killed after 300ms" {
			t.Errorf("%s: %q", c.Workload, got)
		}
	}
}

// told calls a function when a line is written.
type told struct {
	line string
	do   func()
}

func (w told) Write(p []byte) (int, error) {
	if strings.TrimSpace(string(p)) == w.line {
		w.do()
	}
	return len(p), nil
}

// A signal ends what is running, and drops it.
func TestASignalEndsTheTrialApart(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var r record.Record
	planApart(t, "hang", told{sleeper, cancel}, "ours", "tcp").run(ctx, &r)
	if len(r.Cells) != 0 || r.Complete {
		t.Errorf("cells: %+v, complete: %v", r.Cells, r.Complete)
	}
}

// Side by side, processes run at the same time: none of them goes on until both
// have come.
func TestSideBySideApart(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv(meetingPoint, l.Addr().String())
	go func() {
		var here []net.Conn
		for range 2 {
			conn, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			defer conn.Close()
			here = append(here, conn)
		}
		for _, conn := range here {
			_, _ = conn.Write([]byte{1})
		}
	}()
	var r record.Record
	planApart(t, "meet", io.Discard, "ours", "tcp").run(t.Context(), &r)
	for _, c := range r.Cells {
		if len(c.Failures()) > 0 {
			t.Errorf("%s of %s: %v", c.Workload, c.Contender, c.Failures())
		}
	}
	if len(r.Cells) != 4 {
		t.Errorf("%d cells, want 4", len(r.Cells))
	}
}
