package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"udplab/reliable"
)

const (
	manyBytes = 100
	// manyInterval is the time between two messages of one connection.
	manyInterval = time.Second
)

// BenchmarkMany has many connections to one listener that say nothing, and then
// one message a second each. The moments at which messages are due are spread
// over the second. One op is a second of silence, or one message; the time of
// an op is the schedule's and not shown.
func BenchmarkMany(b *testing.B) {
	for _, conns := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("connections=%d", conns), func(b *testing.B) {
			c := connectCrowd(b, conns, &reliable.Config{IdleTimeout: time.Hour})
			c.rest()
			b.Run("size=none", func(b *testing.B) { idle(b, c) })
			b.Run(fmt.Sprintf("size=%dB", manyBytes), func(b *testing.B) { many(b, c) })
		})
	}
}

// idle is what the crowd costs that has nothing to do.
func idle(b *testing.B, c *crowd) {
	sent, answered := c.datagrams()
	m := startMeter()
	b.ResetTimer()
	time.Sleep(time.Duration(b.N) * time.Second)
	b.StopTimer()
	m.report(b, uint64(b.N), "s")
	sentNow, answeredNow := c.datagrams()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(sentNow-sent+answeredNow-answered)/float64(b.N), "pkts/s")
	c.reportSize(b)
}

func many(b *testing.B, c *crowd) {
	a := newAlarm(b)
	defer a.close()
	m := &manyRun{crowd: c, count: uint64(b.N), failed: make(chan struct{})}
	stop := m.receiveAll()
	sentBefore, answeredBefore := c.datagrams()
	b.ResetTimer()
	m.schedule = newSchedule(a, time.Now(), manyInterval/time.Duration(len(c.dialed)))
	used := startMeter()
	err := m.sendAll()
	if err == nil {
		err = m.awaitAll()
	}
	b.StopTimer()
	used.report(b, m.count, "msg")
	stop()
	if err != nil {
		b.Fatal(err)
	}
	sent, answered := c.datagrams()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(m.schedule.quantile(0.5), "p50-µs")
	b.ReportMetric(m.schedule.quantile(0.99), "p99-µs")
	if b.N >= rareSamples {
		b.ReportMetric(m.schedule.quantile(0.999), "p99.9-µs")
	}
	b.ReportMetric(float64(sent-sentBefore)/float64(b.N), "pkts/msg")
	b.ReportMetric(float64(answered-answeredBefore)/float64(b.N), "acks/msg")
	c.reportSize(b)
}

// manyRun sends count messages over the connections of a crowd in turn. A
// message carries its number and when it was due.
type manyRun struct {
	*crowd
	count    uint64
	schedule *schedule

	recording sync.Mutex // guards the schedule's histogram
	received  atomic.Uint64
	failing   sync.Once
	err       error
	failed    chan struct{}
}

func (m *manyRun) fail(err error) {
	m.failing.Do(func() { m.err = err; close(m.failed) })
}

func (m *manyRun) sendAll() error {
	ctx := context.Background()
	msg := make([]byte, manyBytes)
	for number := range m.count {
		m.schedule.pace(number, msg)
		binary.BigEndian.PutUint64(msg, number)
		if err := m.dialed[number%uint64(len(m.dialed))].Send(ctx, msg); err != nil {
			return fmt.Errorf("send: %w", err)
		}
	}
	return nil
}

// receiveAll has every connection read, by a goroutine of the application's:
// the library has no call that waits for several.
func (m *manyRun) receiveAll() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for i, conn := range m.accepted {
		running.Go(func() {
			for next := uint64(i); ; next += uint64(len(m.accepted)) {
				msg, err := conn.Receive(ctx)
				switch {
				case errors.Is(err, context.Canceled):
					return
				case err != nil:
					m.fail(fmt.Errorf("receive: %w", err))
					return
				case len(msg) != manyBytes || binary.BigEndian.Uint64(msg) != next:
					m.fail(fmt.Errorf("message %d of %d bytes arrived, want %d", binary.BigEndian.Uint64(msg), len(msg), next))
					return
				}
				m.recording.Lock()
				m.schedule.arrived(msg)
				m.recording.Unlock()
				m.received.Add(1)
			}
		})
	}
	return func() { cancel(); running.Wait() }
}

// awaitAll waits until every message has arrived, as long as some do.
func (m *manyRun) awaitAll() error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	heard, received := time.Now(), uint64(0)
	for {
		select {
		case <-m.failed:
			return m.err
		case now := <-tick.C:
			switch n := m.received.Load(); {
			case n == m.count:
				return nil
			case n > received:
				heard, received = now, n
			case now.Sub(heard) > silence:
				return fmt.Errorf("nothing arrived for %v, after %d of %d messages", silence, n, m.count)
			}
		}
	}
}
