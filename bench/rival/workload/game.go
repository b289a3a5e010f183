package workload

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"udplab/bench/rival/contender"
)

var gameMetrics = []Metric{
	{Key: "p50_ms", Title: "p50 ms", Digits: 1},
	{Key: "p95_ms", Title: "p95 ms", Digits: 1},
	{Key: "p99_ms", Title: "p99 ms", Digits: 1},
	{Key: "p99_9_ms", Title: "p99.9 ms", Digits: 1},
	{Key: "wire_ahead_bytes_per_message", Title: "wire B/message"},
	{Key: "wire_back_bytes_per_message", Title: "wire back B/message"},
	lateMetric,
}

var gameRows = []lossRow{{"game-0%", 0}, {"game-1%", 0.01}, {"game-5%", 0.05}}

const (
	gameRate = 60  // messages a second
	gameSize = 200 // bytes
)

// games are small messages at a fixed rate, reliable and in order, over 50 ms of
// round trip: how long each takes one way. All contenders and all losses run at
// the same time: together they send a thousand datagrams a second.
func games() Workload {
	return Workload{
		Name: "game", Rows: names(gameRows), Metrics: gameMetrics, Main: "p99_ms", Takes: notRaw, SideBySide: true,
		Run: func(ctx context.Context, c contender.Contender, s Settings) []Outcome {
			return eachLoss(gameRows, func(r lossRow) (map[string]float64, error) {
				ctx, cancel := context.WithTimeout(ctx, 120*time.Second)
				defer cancel()
				p, c, err := through(c, badNetwork(r.loss, 0))
				if err != nil {
					return nil, err
				}
				return runGame(ctx, c, p, s)
			})
		},
	}
}

// eachLoss runs all rows at the same time.
func eachLoss(rows []lossRow, run func(lossRow) (map[string]float64, error)) []Outcome {
	outcomes := make([]Outcome, len(rows))
	var work sync.WaitGroup
	for i, r := range rows {
		work.Go(func() {
			values, err := run(r)
			outcomes[i] = Outcome{Row: r.name, Values: values}
			if err != nil {
				outcomes[i].Failed = err.Error()
			}
		})
	}
	work.Wait()
	return outcomes
}

// match is one game in progress.
type match struct {
	pair     contender.Pair
	start    time.Time
	received atomic.Int64
	took     *hdrhistogram.Histogram // of the receiver until it is done
	done     chan struct{}           // all messages arrived, or no more will
}

func runGame(ctx context.Context, c contender.Contender, p path, s Settings) (map[string]float64, error) {
	defer p.Close()
	circuit, err := contender.Connect(ctx, c, contender.Options{Packet: s.Packet}, 1, p.Enter)
	if err != nil {
		return nil, err
	}
	defer circuit.Close()
	defer context.AfterFunc(ctx, circuit.Close)()
	before := p.Carried()
	messages := int64(s.length(60*time.Second, 2*time.Second) / time.Second * gameRate)
	m := &match{
		pair: circuit.Pairs[0], start: time.Now(),
		took: hdrhistogram.New(1000, int64(100*time.Second), 3), done: make(chan struct{}),
	}
	go m.receive(messages)
	if err := m.send(ctx, messages); err != nil {
		circuit.Close()
		<-m.done
		return nil, fmt.Errorf("stalled after %d of %d messages: %w", m.received.Load(), messages, err)
	}
	// What was lost last is still repaired; a stall is not waited out.
	last, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	select {
	case <-m.done:
	case <-last.Done():
		circuit.Close()
		<-m.done
	}
	after := p.Carried()
	values := quantiles(m.took, "ms", time.Millisecond)
	values["wire_ahead_bytes_per_message"] = float64(after.ahead-before.ahead) / float64(messages)
	values["wire_back_bytes_per_message"] = float64(after.back-before.back) / float64(messages)
	values[lateMetric.Key] = after.lateMs()
	if n := m.received.Load(); n < messages {
		return values, fmt.Errorf("stalled after %d of %d messages", n, messages)
	}
	return values, nil
}

// send sends each message when it is due, with the time at which it was given
// to Send.
func (m *match) send(ctx context.Context, messages int64) error {
	msg := make([]byte, gameSize)
	for n := range messages {
		due := m.start.Add(time.Duration(n) * time.Second / gameRate)
		if err := pause(ctx, time.Until(due)); err != nil {
			return err
		}
		binary.BigEndian.PutUint64(msg, uint64(n))
		binary.BigEndian.PutUint64(msg[8:], uint64(time.Since(m.start)))
		if err := m.pair.Client.Send(msg); err != nil {
			return err
		}
	}
	return nil
}

// receive takes the messages, which must come in order.
func (m *match) receive(messages int64) {
	defer close(m.done)
	msg := make([]byte, gameSize)
	for n := range messages {
		if contender.Fill(m.pair.Server, msg) != nil || binary.BigEndian.Uint64(msg) != uint64(n) {
			return
		}
		took := time.Since(m.start) - time.Duration(binary.BigEndian.Uint64(msg[8:]))
		if m.took.RecordValue(int64(took)) != nil {
			return // longer than any run
		}
		m.received.Store(n + 1)
	}
}
