package arq

import (
	"math"
	"testing"
	"time"
)

// emptied takes packets until the pacer wants to wait, and returns the bytes.
func (p *pacer) emptied(packet int) (bytes int) {
	for p.wait() == 0 {
		p.sent(packet)
		bytes += packet
	}
	return bytes
}

// At every rate and precision the long-run rate is exact and no burst is
// longer than two quanta.
func TestPacerKeepsTheRate(t *testing.T) {
	const packet = 1200
	for _, c := range []struct {
		rate      float64
		precision time.Duration
		quantum   int
	}{
		{1e4, 200 * time.Microsecond, 2 * packet}, // two packets are the floor
		{6.25e6, 200 * time.Microsecond, 2 * packet},
		{125e6, 200 * time.Microsecond, 25_000},
		{6.25e6, 2 * ms, 12_500},
	} {
		var p pacer
		p.advance(0, c.rate, minBurst*packet, c.precision)
		p.emptied(packet)
		now, bytes := time.Duration(0), 0
		for now < 20*time.Second {
			wait := p.wait()
			now += wait
			p.advance(now, c.rate, minBurst*packet, c.precision)
			burst := p.emptied(packet)
			if burst == 0 {
				t.Fatalf("rate %v: after a wait of %v nothing may leave", c.rate, wait)
			}
			if burst > c.quantum+packet {
				t.Fatalf("rate %v: a burst of %d bytes, want at most a quantum of %d and the packet it ends in", c.rate, burst, c.quantum)
			}
			bytes += burst
		}
		if got := float64(bytes) / now.Seconds(); got < 0.999*c.rate || got > 1.001*c.rate {
			t.Errorf("%.0f bytes a second, want %.0f", got, c.rate)
		}
	}
}

func TestPacerLetsEverythingGoWhileTheRateIsUnknown(t *testing.T) {
	for _, rate := range []float64{0, -1e6, math.NaN(), math.Inf(1)} { // what a controller of someone else's may say
		var p pacer
		p.advance(0, 1e6, minBurst*1200, 200*time.Microsecond)
		p.advance(ms, rate, minBurst*1200, 200*time.Microsecond)
		for range 100 {
			p.sent(1200)
		}
		if got := p.wait(); got != 0 {
			t.Errorf("rate %v: wait %v", rate, got)
		}
	}
}

// A timer that fires as late as its precision allows costs burstiness and no
// throughput.
func TestPacerForgivesLateTimers(t *testing.T) {
	const rate, precision = 125e6, 2 * ms
	var p pacer
	p.advance(0, rate, minBurst*1200, precision)
	sent := 0
	for now := time.Duration(0); now < time.Second; now += 2 * precision { // one precision late, each time
		p.advance(now, rate, minBurst*1200, precision)
		sent += p.emptied(1200)
	}
	if float64(sent) < 0.99*rate {
		t.Errorf("%d bytes in a second, want %.0f", sent, float64(rate))
	}
}

// What was not used in a quiet time is not made up for in one burst.
func TestPacerForgetsIdleTime(t *testing.T) {
	var p pacer
	p.advance(0, 6.25e6, minBurst*1200, 200*time.Microsecond)
	p.emptied(1200)
	p.advance(time.Hour, 6.25e6, minBurst*1200, 200*time.Microsecond)
	if got, want := p.emptied(1200), 2*p.quantum; got != want {
		t.Errorf("after an hour %d bytes left at once, want two quanta: %d", got, want)
	}
}

// Where a quantum is many packets, an ack or a message that comes while it
// fills sets nothing free; where it is the two that go in a row anyway, a
// packet leaves as soon as the rate covers the one before.
func TestPacerFillsWholeQuanta(t *testing.T) {
	const packet, precision = 1200, 200 * time.Microsecond
	for _, c := range []struct {
		rate   float64
		coarse bool
	}{{125e6, true}, {6.25e6, false}} {
		var p pacer
		p.advance(0, c.rate, minBurst*packet, precision)
		p.emptied(packet)
		began, full := time.Duration(0), p.wait()
		for now := began; now < full-full/20; now += full / 10 {
			p.advance(now, c.rate, minBurst*packet, precision)
			if sent := p.emptied(packet); c.coarse && sent > 0 {
				t.Errorf("rate %v: %d bytes may leave %v after a quantum, want none before %v", c.rate, sent, now, full)
			}
		}
		p.advance(full, c.rate, minBurst*packet, precision)
		sent := p.emptied(packet)
		if want := int(c.rate * precision.Seconds()); c.coarse && (sent < want || sent > want+packet) {
			t.Errorf("rate %v: %d bytes leave in a quantum, want %d and the packet they end in", c.rate, sent, want)
		}
		if !c.coarse && sent > packet {
			t.Errorf("rate %v: %d bytes at once, want what the rate has not let go before", c.rate, sent)
		}
	}
}
