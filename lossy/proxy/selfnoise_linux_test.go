package proxy

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"udplab/lossy"
)

// counting is a client that counts what comes back, and what comes out of order.
type counting struct {
	next      uint64 // the number that comes next if all is well
	came      atomic.Uint64
	reordered atomic.Uint64
}

func (c *counting) arrive(messages []message, _ *burst) {
	for i := range messages {
		m := &messages[i]
		for more := true; more; c.came.Add(1) {
			var d []byte
			d, more = m.next()
			number := binary.BigEndian.Uint64(d)
			if number < c.next {
				c.reordered.Add(1)
			}
			c.next = max(c.next, number+1)
		}
	}
}

func (c *counting) readFailed(error) {}

// Self-noise: where the network does nothing, the proxy loses and reorders
// nothing, at a share of the rate that it carries in a closed loop, in the worst of
// five: a fifth for a moment, and with -wire.long four fifths for a minute.
func TestSelfNoise(t *testing.T) {
	const size, together = 1200, 32
	share, lasting, probe := 0.2, 300*time.Millisecond, uint64(5000)
	if *wireLong {
		share, lasting, probe = 0.8, time.Minute, 500_000
	}
	bestOf(t, func(t *testing.T) (complaints []string) {
		p := startProxy(t, Config{}, newAlarm(), fastEcho(t))
		f := newFlood(t, p.Addr())
		rate := math.Inf(1)
		for range 5 {
			begun, already := time.Now(), f.back.Load()
			f.run(probe, load{size: size, each: together, window: 512})
			rate = min(rate, share*float64(f.back.Load()-already)/time.Since(begun).Seconds())
		}
		before := p.Stats()

		sys := newSystem()
		defer sys.close()
		c := &counting{}
		to, err := sys.dial(p.Addr(), DefaultBuffer, c)
		if err != nil {
			t.Fatal(err)
		}
		defer to.close()
		sent := pace(to, rate, lasting, size, together)
		settled := time.Now().Add(time.Second) // what has not come by then is lost
		for c.came.Load() < sent && time.Now().Before(settled) {
			time.Sleep(time.Millisecond)
		}
		s := p.Stats()
		kernel := s.Up.Dropped[CauseKernelRx] + s.Down.Dropped[CauseKernelRx] - before.Up.Dropped[CauseKernelRx] - before.Down.Dropped[CauseKernelRx]
		lost := sent - c.came.Load()
		reordered := c.reordered.Load()
		t.Logf("%.0f datagrams a second for %v, %d in all: %d lost, %d reordered, kernel_rx %d; late p50 %v, p99 %v", rate, lasting, sent, lost, reordered, kernel,
			s.Up.Lateness.Quantile(0.5), s.Up.Lateness.Quantile(0.99))
		wireRow{fmt.Sprintf("self-noise, %.0f/s for %v", rate, lasting), 0, int(sent)}.enter(
			fmt.Sprintf("%d lost, %d reordered, kernel_rx %d", lost, reordered, kernel), 0, none, lost+reordered+kernel == 0)
		if lost+reordered+kernel > 0 {
			complaints = append(complaints, fmt.Sprintf("of %d datagrams %d were lost, %d by the proxy's socket buffers, and %d reordered", sent, lost, kernel, reordered))
		}
		return complaints
	})
}

// pace sends datagrams at a rate, so many together, and returns how many. What it
// could not send in time because the machine had none for it is left out, not
// sent in a burst.
func pace(to outlet, rate float64, lasting time.Duration, size, together int) (sent uint64) {
	const tick, most = time.Millisecond, 4 // ticks that are made up for
	out := newBurst()
	begun, left := time.Now(), 0.0
	for last := begun; last.Sub(begun) < lasting; {
		time.Sleep(tick)
		now := time.Now()
		left += rate * min(now.Sub(last), most*tick).Seconds()
		for last = now; left >= float64(together); left -= float64(together) {
			for range together {
				at := len(out.bytes)
				out.bytes = out.bytes[:at+size]
				binary.BigEndian.PutUint64(out.bytes[at:], sent)
				out.added(0, lossy.NotECT)
				sent++
			}
			sendAll(to, out)
		}
	}
	return sent
}
