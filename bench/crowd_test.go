package bench

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"udplab/reliable"
)

// crowd is many connections dialed from a few sockets to one listener. The
// connections number i at both ends are the two ends of one.
type crowd struct {
	listener *reliable.Listener
	dialers  []*reliable.Listener
	dialed   []*reliable.Conn
	accepted []*reliable.Conn
	// goroutines is how many there are more than before, before anybody
	// receives: those of the library.
	goroutines int
}

// crowdSockets is how many sockets the connections are dialed from.
const crowdSockets = 4

// crowdPatience is how long a crowd may take to connect.
const crowdPatience = 2 * time.Minute

// connectCrowd dials so many connections, some at a time. Each says its number
// in its first message, so that the listener's end is known by it.
func connectCrowd(tb testing.TB, count int, config *reliable.Config) *crowd {
	tb.Helper()
	const atOnce = 32
	ctx, cancel := context.WithTimeout(context.Background(), crowdPatience)
	defer cancel()
	before := runtime.NumGoroutine()
	listening := *config
	listening.Backlog = count
	c := &crowd{listener: mustListen(tb, &listening), dialed: make([]*reliable.Conn, count), accepted: make([]*reliable.Conn, count)}
	for range crowdSockets {
		c.dialers = append(c.dialers, mustListen(tb, config))
	}
	addr := addrPort(c.listener.Addr())
	var running sync.WaitGroup
	for first := range atOnce {
		running.Go(func() {
			for i := first; i < count; i += atOnce {
				conn, err := c.dialers[i%crowdSockets].Dial(ctx, addr)
				if err == nil {
					err = conn.Send(ctx, fmt.Append(nil, i))
				}
				if err != nil {
					tb.Errorf("connection %d: %v", i, err)
					cancel()
					return
				}
				c.dialed[i] = conn
			}
		})
	}
	for range count {
		if err := c.acceptOne(ctx); err != nil {
			tb.Error(err)
			break
		}
	}
	running.Wait()
	if tb.Failed() {
		tb.FailNow()
	}
	c.goroutines = runtime.NumGoroutine() - before
	return c
}

func (c *crowd) acceptOne(ctx context.Context) error {
	conn, err := c.listener.Accept(ctx)
	if err != nil {
		return err
	}
	msg, err := conn.Receive(ctx)
	if err != nil {
		return err
	}
	var i int
	if _, err := fmt.Sscan(string(msg), &i); err != nil || i < 0 || i >= len(c.accepted) || c.accepted[i] != nil {
		return fmt.Errorf("a connection says it is number %q (%v)", msg, err)
	}
	c.accepted[i] = conn
	return nil
}

// rest waits until the crowd has nothing left to do but what it is asked: the
// search for packet sizes ends with a probe that is answered.
func (c *crowd) rest() {
	const settled = 2 * time.Second // twice as long as the search waits to begin
	for quiet, before := time.Duration(0), uint64(0); quiet < settled; quiet += settled / 8 {
		dialers, listener := c.datagrams()
		if dialers+listener != before {
			quiet, before = 0, dialers+listener
		}
		time.Sleep(settled / 8)
	}
}

// datagrams is how many both ends handed to their sockets so far: those of the
// dialers and those of the listener.
func (c *crowd) datagrams() (dialers, listener uint64) {
	for _, d := range c.dialers {
		dialers += d.Stats().DatagramsSent
	}
	return dialers, c.listener.Stats().DatagramsSent
}

// reportSize adds what the crowd is made of.
func (c *crowd) reportSize(b *testing.B) {
	b.ReportMetric(float64(c.goroutines), "library-goroutines")
	if fds, ok := descriptors(); ok {
		b.ReportMetric(float64(fds), "descriptors")
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "heap-MiB")
	if resident, ok := statusBytes("VmRSS"); ok {
		b.ReportMetric(float64(resident)/(1<<20), "RSS-MiB")
	}
	if peak, ok := statusBytes("VmHWM"); ok {
		b.ReportMetric(float64(peak)/(1<<20), "peak-RSS-MiB")
	}
}
