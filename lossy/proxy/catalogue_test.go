package proxy

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
)

// Rows of the robustness catalogue that have no better place.

// knock sends one datagram from a source address of its own, the i-th of
// 65,536.
func knock(t *testing.T, p *Proxy, i int, text string) {
	t.Helper()
	from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 2 + byte(i>>10), 1}), uint16(20_000+i&0x3ff))
	c, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(from), net.UDPAddrFromAddrPort(p.Addr()))
	if err != nil {
		t.Skipf("no source addresses to be had: %v", err) // only Linux has all of 127.0.0.0/8
	}
	send(t, c, text)
	c.Close()
}

// P1: a flood of new sources fills the table and no more; those that are there
// are served throughout, and idle ones make room in time.
func TestP1_FloodOfNewSources(t *testing.T) {
	const limit, flood = 200, 2000
	if DefaultMaxFlows != 4096 {
		t.Errorf("the table takes %d flows unless told otherwise, want 4096", DefaultMaxFlows)
	}
	before := openFiles(t)
	b := startBench(t, Config{MaxFlows: limit}, echo(t, "127.0.0.1:0"))
	active := client(t, b.Proxy)
	exchange(t, active, "first")
	for i := range flood {
		knock(t, b.Proxy, i, "let me in")
		if i%100 == 0 {
			if got := exchange(t, active, "still here"); got != "still here" {
				t.Fatalf("after %d of the flood: %q", i, got)
			}
		}
	}
	exchange(t, active, "last")
	s := b.Stats()
	if s.Flows != limit || s.Up.Dropped[CauseFlowLimit] != flood-(limit-1) || s.FlowsExpired != 0 {
		t.Errorf("%d flows, %d refused, %d expired; want %d, %d, 0", s.Flows, s.Up.Dropped[CauseFlowLimit], s.FlowsExpired, limit, flood-(limit-1))
	}
	if open := openFiles(t) - before; open > limit+16 {
		t.Errorf("%d files are open, want no more than %d for the flows and 16 besides", open, limit)
	}
	b.pass(DefaultIdleTimeout - 1)
	exchange(t, active, "awake")
	b.pass(1)
	eventually(t, "the flood's flows expire", func() bool { return b.Stats().Flows == 1 })
	knock(t, b.Proxy, flood, "and now?")
	eventually(t, "a new source has a flow", func() bool { return b.Stats().Flows == 2 })
	if got := exchange(t, active, "on"); got != "on" {
		t.Errorf("got %q", got)
	}
}

// wire is what of n numbered datagrams came through a proxy to a sink, and how.
type wire struct {
	n                        uint64
	lost, twice, damaged     uint64
	runs                     uint64 // of losses
	late                     uint64 // came after one sent later, copies left out
	lossAfterLoss, afterLoss uint64 // pairs of neighbours whose first is lost, and both
}

// measure sends n datagrams of 40 bytes and looks at what comes out.
func measure(t *testing.T, profile lossy.Profile, n uint64) (w wire) {
	t.Helper()
	const window, size = 500, 40
	sink := socket(t, "udp", "127.0.0.1:0")
	p := startProxy(t, Config{Config: lossy.Config{Seed: 11, Up: profile}, IdleTimeout: -1}, newAlarm(), addrOf(sink))
	c := client(t, p)
	payload := func(i uint64) []byte { return fmt.Appendf(nil, "%010d%030d", i, i*i) }
	seen, w := make([]uint8, n), wire{n: n}
	var got, newest uint64
	buf := make([]byte, 100)
	for i := range n {
		if _, err := c.Write(payload(i)); err != nil {
			t.Fatal(err)
		}
		if i%window < window-1 && i < n-1 {
			continue
		}
		eventually(t, "the proxy has let all out", func() bool {
			s := p.Stats().Up
			return s.PacketsReceived == i+1 && s.Link.PacketsInFlight == 0
		})
		sink.SetReadDeadline(time.Now().Add(patience))
		for ; got < p.Stats().Up.PacketsSent; got++ {
			k, err := sink.Read(buf)
			if err != nil || k != size {
				t.Fatalf("%d bytes, %v", k, err)
			}
			number, wrong := closest(buf[:size], i, window, payload)
			if wrong > 1 {
				t.Fatalf("%q has %d wrong bits", buf[:size], wrong)
			}
			seen[number]++
			if seen[number] == 1 {
				w.damaged += uint64(wrong)
				if number < newest {
					w.late++
				}
			}
			newest = max(newest, number)
		}
	}
	for i, copies := range seen {
		if copies == 2 {
			w.twice++
		}
		if i > 0 && seen[i-1] == 0 {
			w.afterLoss++
			if copies == 0 {
				w.lossAfterLoss++
			}
		}
		if copies > 0 {
			continue
		}
		w.lost++
		if i == 0 || seen[i-1] > 0 {
			w.runs++
		}
	}
	return w
}

// closest finds the number of a datagram that may have a flipped bit, among the
// latest, and how many bits are wrong.
func closest(b []byte, latest uint64, window int, payload func(uint64) []byte) (number uint64, wrong int) {
	distance := func(i uint64) (bitsWrong int) {
		for k, c := range payload(i) {
			bitsWrong += bits.OnesCount8(b[k] ^ c)
		}
		return bitsWrong
	}
	var read uint64
	if _, err := fmt.Sscanf(string(b[:10]), "%d", &read); err == nil && read <= latest && distance(read) <= 1 {
		return read, distance(read)
	}
	wrong = math.MaxInt
	for k := range uint64(2 * window) {
		if k > latest {
			break
		}
		if d := distance(latest - k); d < wrong {
			number, wrong = latest-k, d
		}
	}
	return number, wrong
}

// share holds a count against a probability, at a false alarm rate of 1e-6.
// inflation is by how much the variance exceeds the binomial one.
func share(t *testing.T, what string, events, n uint64, p, inflation float64) {
	t.Helper()
	const z = 4.89
	observed := float64(events) / float64(n)
	if off := math.Abs(observed-p) / math.Sqrt(p*(1-p)*inflation/float64(n)); off > z {
		t.Errorf("%s: %d of %d, %.4f, want %.4f: off by %.1f standard deviations", what, events, n, observed, p, off)
	}
}

// P5: on sockets, of 100,000 datagrams, each impairment takes the share that
// its law says. Under the race detector a fifth of them: it is ten times slower.
func TestP5_LawsOnTheWire(t *testing.T) {
	n := uint64(100_000)
	if raceEnabled {
		n /= 5
	}
	t.Run("loss, duplicate, corrupt", func(t *testing.T) {
		const loss, twice, damaged = 0.05, 0.02, 0.01
		w := measure(t, lossy.Profile{Loss: loss, Duplicate: twice, Corrupt: damaged}, n)
		share(t, "lost", w.lost, n, loss, 1)
		share(t, "lost after a loss", w.lossAfterLoss, w.afterLoss, loss, 1)
		share(t, "twice", w.twice, n-w.lost, twice, 1)
		share(t, "damaged", w.damaged, n-w.lost, damaged, 1)
		if w.late != 0 {
			t.Errorf("%d came out of order", w.late)
		}
	})
	t.Run("burst", func(t *testing.T) {
		const loss, burst = 0.05, 4.0
		w := measure(t, lossy.Profile{Loss: loss, Burst: burst}, n)
		// MODEL.md, section 3: the chain's correlation, and what it does to the variance.
		r := 1 / burst
		lambda := 1 - loss*r/(1-loss) - r
		share(t, "lost", w.lost, n, loss, (1+lambda)/(1-lambda))
		share(t, "bursts that go on", w.lossAfterLoss, w.afterLoss, 1-r, 1)
	})
	t.Run("reorder", func(t *testing.T) {
		const reorder = 0.03
		w := measure(t, lossy.Profile{Reorder: reorder, ReorderBy: 1}, n)
		// One that is displaced by one is late unless the next is displaced too
		// and the one it waits for comes later: it is late in any case.
		share(t, "late", w.late, n, reorder, 1)
		if w.lost+w.twice+w.damaged != 0 {
			t.Errorf("%+v, want nothing but reordering", w)
		}
	})
}

// P5: delay, jitter and rate of a lane on a clock of the test, without sockets:
// datagrams leave when the law says, to the nanosecond. On sockets they are timed
// by TestP5_DelayOnTheWire and TestP5_RateOnTheWire.
func TestP5_TimesOfALane(t *testing.T) {
	const n, size = 20_000, 1000
	out := func(profile lossy.Profile, apart time.Duration) (times []time.Duration) {
		b := startBench(t, Config{Config: lossy.Config{Seed: 12, Up: profile}}, echo(t, "127.0.0.1:0"))
		service := &stopwatch{clock: b.clock}
		f := b.flow(service)
		until := func(end time.Duration) {
			for at := time.Duration(b.scheduler.first.Load()); at <= end; at = time.Duration(b.scheduler.first.Load()) {
				if f.up.inFlight() || at < end {
					b.pass(at - b.clock())
				} else {
					break
				}
			}
			b.pass(end - b.clock())
		}
		for i := range n {
			until(time.Duration(i) * apart)
			f.up.input(b.clock(), []message{{bytes: make([]byte, size)}}, 0, b.out)
		}
		until(n*apart + time.Second)
		return service.times
	}
	t.Run("delay and jitter", func(t *testing.T) {
		const delay, jitter = 20 * time.Millisecond, 5 * time.Millisecond
		times := out(lossy.Profile{Delay: delay, Jitter: jitter}, 2*jitter)
		if len(times) != n {
			t.Fatalf("%d came out, want %d", len(times), n)
		}
		drawn := make([]float64, n) // where in the range, 0 to 1
		for i, at := range times {
			drawn[i] = float64(at-time.Duration(i)*2*jitter-(delay-jitter)) / float64(2*jitter)
		}
		slices.Sort(drawn)
		worst := 0.0 // Kolmogorov-Smirnov against the uniform law
		for i, u := range drawn {
			worst = max(worst, math.Abs(u-float64(i)/n), math.Abs(u-float64(i+1)/n))
		}
		if limit := 2.693 / math.Sqrt(n); worst > limit {
			t.Errorf("the delays differ from the uniform law by %.4f, want at most %.4f", worst, limit)
		}
	})
	t.Run("rate", func(t *testing.T) {
		const rate = 80e6 // 100 us a datagram
		times := out(lossy.Profile{Rate: rate, Queue: lossy.MaxDelay}, 50*time.Microsecond)
		if len(times) != n {
			t.Fatalf("%d came out, want %d", len(times), n)
		}
		for i, at := range times {
			if want := time.Duration(i+1) * 100 * time.Microsecond; at != want {
				t.Fatalf("datagram %d left at %v, want %v", i, at, want)
			}
		}
	})
}

// stopwatch is a socket that notes when it was given each datagram.
type stopwatch struct {
	clock func() time.Duration
	times []time.Duration
}

func (s *stopwatch) send(b *burst, i int) (int, error) {
	for range b.count() - i {
		s.times = append(s.times, s.clock())
	}
	return b.count() - i, nil
}

func (s *stopwatch) port() uint16  { return 0 }
func (s *stopwatch) drops() uint64 { return 0 }
func (s *stopwatch) close()        {}

// P7: what is damaged on the way arrives as a datagram that UDP has nothing
// against, singly and in bursts.
func TestP7_DamageHasAValidChecksum(t *testing.T) {
	const datagrams = 500
	sink := socket(t, "udp", "127.0.0.1:0")
	p := startProxy(t, Config{Config: lossy.Config{Up: lossy.Profile{Corrupt: 1}}}, newAlarm(), addrOf(sink))
	sys := newSystem()
	c, err := sys.dial(p.Addr(), DefaultBuffer, &flood{})
	if err != nil {
		t.Fatal(err)
	}
	defer sys.close()
	defer c.close()
	text := strings.Repeat("intact? ", 50)
	out := newBurst()
	for range datagrams {
		out.bytes = append(out.bytes, text...)
		if out.added(0, lossy.NotECT) {
			sendAll(c, out)
		}
	}
	sendAll(c, out)
	for range datagrams {
		wrong := 0
		got := receive(t, sink)
		if len(got) != len(text) {
			t.Fatalf("%d bytes, want %d", len(got), len(text))
		}
		for i := range len(got) {
			wrong += bits.OnesCount8(got[i] ^ text[i])
		}
		if wrong != 1 {
			t.Errorf("%d bits are wrong, want 1", wrong)
		}
	}
}

// P10: a delay of 10 s at 1 Gbit/s is 1.25 GB on the way. The proxy holds what
// it was allowed to, and the rest is counted.
func TestP10_DelayQueueIsBounded(t *testing.T) {
	const (
		delay, rate, size = 10 * time.Second, 1e9, 1200
		allowed           = 8 << 20
		each              = size + heldOverhead
		together          = 50
	)
	b := startBench(t, Config{Config: lossy.Config{Up: lossy.Profile{Delay: delay}}, MaxHeld: allowed}, echo(t, "127.0.0.1:0"))
	service := &stopwatch{clock: b.clock}
	f := b.flow(service)
	joined := []message{{bytes: make([]byte, together*size), segment: size}}
	before := memoryInUse()
	apart := time.Duration(together * size * 8 * 1e9 / rate)
	offered := uint64(0)
	for now := time.Duration(0); now < delay; now += apart {
		f.up.input(now, joined, 0, b.out)
		offered += together
	}
	runtime.KeepAlive(joined)
	s := b.Stats().Up.Link
	if s.PacketsInFlight != allowed/each || s.Dropped[lossy.CauseOverload] != offered-s.PacketsInFlight {
		t.Errorf("%d in flight, %d dropped as overload, want %d and %d", s.PacketsInFlight, s.Dropped[lossy.CauseOverload], allowed/each, offered-allowed/each)
	}
	if used := memoryInUse() - before; used > 3*allowed {
		t.Errorf("%d MB in use, want at most three times the %d allowed", used>>20, allowed>>20)
	}
	b.pass(2 * delay)
	if got := uint64(len(service.times)); got != s.PacketsInFlight {
		t.Errorf("%d came out, want the %d that were in flight", got, s.PacketsInFlight)
	}
}

// P11: a proxy in front of itself is refused when it starts and when it moves.
func TestP11_LoopToItselfIsRefused(t *testing.T) {
	for _, c := range []struct{ listen, self string }{
		{"127.0.0.1:%d", "127.0.0.1:%d"},
		{"0.0.0.0:%d", "127.0.0.1:%d"},
		{"[::]:%d", "127.0.0.1:%d"},
		{"[::1]:%d", "[::1]:%d"},
	} {
		free := socket(t, "udp", strings.ReplaceAll(c.listen, "%d", "0"))
		port := addrOf(free).Port()
		free.Close()
		listen, self := fmt.Sprintf(c.listen, port), fmt.Sprintf(c.self, port)
		if p, err := New(Config{Listen: listen, Upstream: self}); !errors.Is(err, ErrLoop) {
			t.Errorf("listening on %s with upstream %s: %v, want ErrLoop", listen, self, err)
			if err == nil {
				p.Close()
			}
		}
		p := startProxy(t, Config{Listen: listen}, newAlarm(), echo(t, "127.0.0.1:0"))
		err := p.Change(func(s *Settings) error { s.Upstream = netip.MustParseAddrPort(self); return nil })
		if !errors.Is(err, ErrLoop) {
			t.Errorf("listening on %s and moved to %s: %v, want ErrLoop", listen, self, err)
		}
	}
}
