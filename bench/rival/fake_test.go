package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"testing"
	"time"

	"udplab/bench/rival/contender"
	"udplab/bench/rival/workload"
)

// TestMain lets the test binary be a process that makes a part of the work, as
// the program is, with workloads on top that go wrong.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == sleeper {
		sleepForever(sleeper)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if code, ok := part(ctx, os.Args[1:], slices.Concat(workload.All(), fakes()), os.Stdout, os.Stderr); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// sleeper is the argument of a process that ends when it is killed, and the line
// that it says then is awake to be.
const sleeper = "sleeps"

func sleepForever(said string) {
	fmt.Fprintln(os.Stderr, said)
	for {
		time.Sleep(time.Hour)
	}
}

// fakes are what a trial may meet, by name.
func fakes() []workload.Workload {
	var all []workload.Workload
	for name, run := range map[string]func(contender.Contender, workload.Settings) float64{
		"well": func(_ contender.Contender, s workload.Settings) float64 {
			fmt.Println("a library that prints")
			if s.Quick {
				return float64(s.Packet)
			}
			return -float64(s.Packet)
		},
		// Only kernel TCP crashes, in a goroutine that nobody can recover in.
		"crash": func(c contender.Contender, _ workload.Settings) float64 {
			if c.TCP {
				go func() { panic("a bug was met") }()
				sleepForever("a warning")
			}
			return 1
		},
		"leave":  func(contender.Contender, workload.Settings) float64 { os.Exit(exitOK); return 0 },
		"hang":   func(contender.Contender, workload.Settings) float64 { sleepForever(sleeper); return 0 },
		"family": func(contender.Contender, workload.Settings) float64 { startSleeper(); sleepForever("hangs"); return 0 },
		"meet":   func(contender.Contender, workload.Settings) float64 { meet(); return 1 },
	} {
		all = append(all, workload.Workload{
			Name: name, Rows: []string{name + "-1", name + "-2"}, Main: "x",
			Takes: func(contender.Contender) bool { return true }, SideBySide: name == "meet",
			Run: func(_ context.Context, c contender.Contender, s workload.Settings) []workload.Outcome {
				x := map[string]float64{"x": run(c, s)}
				return []workload.Outcome{{Row: name + "-1", Values: x}, {Row: name + "-2", Values: x}}
			},
		})
	}
	return all
}

// startSleeper starts a process that holds what this one says, as a side of idle
// connections does.
func startSleeper() {
	cmd, err := workload.Itself(context.Background(), sleeper)
	if err != nil {
		panic(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		panic(err)
	}
}

// meetingPoint is the environment variable with an address to wait at.
const meetingPoint = "RIVAL_TEST_MEETING_POINT"

// meet waits for whoever listens there to say a byte.
func meet() {
	conn, err := net.Dial("tcp", os.Getenv(meetingPoint))
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		panic(err)
	}
}
