package workload

import (
	"context"
	"errors"
	"fmt"
	"time"

	"udplab/bench/rival/contender"
)

var bottleneckMetrics = []Metric{
	{Key: "goodput_mbit_s", Title: "Mbit/s", Digits: 1, More: true},
	{Key: "wire_per_goodput", Title: "wire/goodput", Digits: 2},
	lateMetric,
}

var bottleneckRows = []lossRow{
	{"bottleneck-0%", 0}, {"bottleneck-0.1%", 0.001}, {"bottleneck-1%", 0.01}, {"bottleneck-5%", 0.05},
}

// bottleneckRate is the rate of the bottleneck, bits per second of UDP payload.
const bottleneckRate = 50e6

// bottlenecks are bulk through 50 Mbit/s and 50 ms. The losses run at the same
// time, each with a path of its own; contenders one after the other.
func bottlenecks() Workload {
	return Workload{
		Name: "bottleneck", Rows: names(bottleneckRows), Metrics: bottleneckMetrics, Main: "goodput_mbit_s", Takes: notRaw,
		Run: func(ctx context.Context, c contender.Contender, s Settings) []Outcome {
			return eachLoss(bottleneckRows, func(r lossRow) (map[string]float64, error) {
				ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
				defer cancel()
				p, c, err := through(c, badNetwork(r.loss, bottleneckRate))
				if err != nil {
					return nil, err
				}
				return runBottleneck(ctx, c, p, s)
			})
		},
	}
}

// runBottleneck counts goodput from the dial to the end of the time, as
// bench/table does: finding the rate is part of the work.
func runBottleneck(ctx context.Context, c contender.Contender, p path, s Settings) (map[string]float64, error) {
	defer p.Close()
	length := s.length(15*time.Second, 2*time.Second)
	start := time.Now()
	circuit, err := contender.Connect(ctx, c, contender.Options{Packet: s.Packet}, 1, p.Enter)
	if err != nil {
		return nil, err
	}
	f := startFlood(circuit, bulkMessage)
	half := pause(ctx, length/2-time.Since(start))
	before := f.received.Load()
	err = errors.Join(half, pause(ctx, length-time.Since(start)))
	bytes, wire, took := f.received.Load(), p.Carried(), time.Since(start)
	if failure := f.stop(); failure != nil {
		err = failure
	}
	values := map[string]float64{
		"goodput_mbit_s": float64(bytes) * 8 / 1e6 / took.Seconds(), lateMetric.Key: wire.lateMs(),
	}
	if bytes > 0 {
		values["wire_per_goodput"] = float64(wire.ahead-wire.underway) / float64(bytes)
	}
	if err == nil && bytes == before {
		err = fmt.Errorf("stalled after %d bytes", bytes)
	}
	return values, err
}
