package workload

import (
	"context"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"udplab/bench/rival/contender"
)

var pingMetrics = []Metric{
	{Key: "p50_us", Title: "p50 µs", Digits: 1},
	{Key: "p99_us", Title: "p99 µs", Digits: 1},
	{Key: "p99_9_us", Title: "p99.9 µs", Digits: 1},
	{Key: "cpu_us_per_ping", Title: "CPU µs, both ends", Digits: 1},
	{Key: "allocs_per_ping", Title: "allocs", Digits: 1},
}

// pings are one message there and back at a time, over loopback.
func pings() []Workload {
	ping := func(name string, size int) Workload {
		return Workload{
			Name: name, Rows: []string{name}, Metrics: pingMetrics, Main: "p50_us", Takes: anyone,
			Run: one(name, 30*time.Second, func(ctx context.Context, c contender.Contender, s Settings) (map[string]float64, error) {
				return runPing(ctx, c, size, s)
			}),
		}
	}
	return []Workload{ping("ping-64", 64), ping("ping-1k", 1<<10)}
}

func runPing(ctx context.Context, c contender.Contender, size int, s Settings) (map[string]float64, error) {
	circuit, err := contender.Connect(ctx, c, contender.Options{Packet: s.Packet}, 1, nil)
	if err != nil {
		return nil, err
	}
	pair, echoed := circuit.Pairs[0], make(chan struct{})
	go func() {
		defer close(echoed)
		echo(pair.Server, make([]byte, size))
	}()
	defer func() {
		circuit.Close()
		<-echoed
	}()
	defer context.AfterFunc(ctx, circuit.Close)()

	msg := make([]byte, size)
	warm := time.Now().Add(s.length(200*time.Millisecond, 50*time.Millisecond))
	for time.Now().Before(warm) {
		if err := roundTrip(pair.Client, msg); err != nil {
			return nil, err
		}
	}
	took := hdrhistogram.New(100, int64(10*time.Second), 3)
	start := usageNow()
	end := start.at.Add(s.length(2*time.Second, 300*time.Millisecond))
	for now := start.at; now.Before(end); {
		if err := roundTrip(pair.Client, msg); err != nil {
			return nil, fmt.Errorf("stalled after %d answers: %w", took.TotalCount(), err)
		}
		then := time.Now()
		if err := took.RecordValue(int64(then.Sub(now))); err != nil {
			return nil, err
		}
		now = then
	}
	used := usageNow().since(start)
	n := float64(took.TotalCount())
	values := quantiles(took, "us", time.Microsecond)
	values["allocs_per_ping"] = float64(used.mallocs) / n
	if used.cpu > 0 {
		values["cpu_us_per_ping"] = float64(used.cpu) / 1e3 / n
	}
	return values, nil
}

// roundTrip sends a message and waits for one as long.
func roundTrip(p contender.Pipe, msg []byte) error {
	if err := p.Send(msg); err != nil {
		return err
	}
	return contender.Fill(p, msg)
}

// echo sends back what comes, until the pipe is closed.
func echo(p contender.Pipe, msg []byte) {
	for contender.Fill(p, msg) == nil {
		if p.Send(msg) != nil {
			return
		}
	}
}

// quantiles are those of durations that a histogram has, in units of one.
func quantiles(h *hdrhistogram.Histogram, suffix string, unit time.Duration) map[string]float64 {
	at := func(q float64) float64 { return float64(h.ValueAtQuantile(q)) / float64(unit) }
	return map[string]float64{
		"p50_" + suffix: at(50), "p95_" + suffix: at(95), "p99_" + suffix: at(99), "p99_9_" + suffix: at(99.9),
	}
}
