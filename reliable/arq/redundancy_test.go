package arq

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"udplab/proto"
)

// pacedFlow is what became of messages sent at a fixed rate.
type pacedFlow struct {
	latencies        []time.Duration // sorted
	sender, receiver Stats
	wire             float64 // bytes sent per payload byte
}

func (f *pacedFlow) percentile(q float64) time.Duration {
	return f.latencies[int(q*float64(len(f.latencies)-1))]
}

// runPaced sends messages of 200 bytes one way, 25 ms away, with random loss
// both ways.
func runPaced(t *testing.T, r Redundancy, seed uint64, every time.Duration, loss float64, count int) *pacedFlow {
	t.Helper()
	const size = 200
	random := rand.New(rand.NewPCG(seed, 1))
	p := newPair(t, Config{Redundancy: r})
	p.delay = 25 * time.Millisecond
	dialer, listener := p.connect()
	p.quiet()
	before := dialer.Stats().BytesSent
	p.drop = func(int, []byte) bool { return random.Float64() < loss }
	f := &pacedFlow{}
	take := func() {
		for msg, ok := listener.Receive(p.now); ok; msg, ok = listener.Receive(p.now) {
			f.latencies = append(f.latencies, p.now-time.Duration(binary.BigEndian.Uint64(msg)))
		}
	}
	for range count {
		msg := make([]byte, size)
		binary.BigEndian.PutUint64(msg, uint64(p.now))
		dialer.Send(p.now, msg, false)
		p.drain(0)
		for end := p.now + every; p.now < end; {
			p.wait(min(p.nextEvent()+1, end))
			take()
		}
	}
	for range 2000 {
		p.pass(time.Millisecond)
		take()
	}
	slices.Sort(f.latencies)
	if len(f.latencies) != count {
		t.Fatalf("%d of %d messages arrived", len(f.latencies), count)
	}
	f.sender, f.receiver = dialer.Stats(), listener.Stats()
	f.wire = float64(f.sender.BytesSent-before) / float64(count*size)
	return f
}

// Redundancy spares thin flows the round trip of a repair, within a budget:
// copies where messages are far apart, repair symbols where they are dense. The
// p99.9 of so few messages has the losses that came before the first was known;
// the table measures more.
func TestRedundancySparesRoundTrips(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name      string
		every     time.Duration
		loss      float64
		p99, p999 time.Duration
		wire      float64
	}{
		{"500 a second, 5 %", 2 * ms, 0.05, 42 * ms, 80 * ms, 1.9},
		{"60 a second, 5 %", 16667 * time.Microsecond, 0.05, 45 * ms, 80 * ms, 3.2},
		{"60 a second, 1 %", 16667 * time.Microsecond, 0.01, 30 * ms, 80 * ms, 2.5},
		{"20 a second, 5 %", 50 * ms, 0.05, 45 * ms, 110 * ms, 3.6},
		{"10 a second, 5 %", 100 * ms, 0.05, 50 * ms, 110 * ms, 3.6},
	} {
		t.Run(c.name, func(t *testing.T) {
			off := runPaced(t, RedundancyOff, 1, c.every, c.loss, 5000)
			on := runPaced(t, RedundancyAdaptive, 1, c.every, c.loss, 5000)
			if off.sender.Repeats+off.sender.SymbolsSent > 0 {
				t.Errorf("switched off, and %d copies and %d symbols", off.sender.Repeats, off.sender.SymbolsSent)
			}
			if p99, p999 := on.percentile(.99), on.percentile(.999); p99 > c.p99 || p999 > c.p999 || on.wire > c.wire {
				t.Errorf("p99 %v, p99.9 %v, wire %.2f, want at most %v, %v and %.2f", p99, p999, on.wire, c.p99, c.p999, c.wire)
			}
			if on.percentile(.99) >= off.percentile(.99) || on.percentile(.5) > off.percentile(.5) {
				t.Errorf("p99 %v with, %v without; p50 %v and %v", on.percentile(.99), off.percentile(.99), on.percentile(.5), off.percentile(.5))
			}
			if saved := on.sender.RedundancySaved + on.receiver.MessagesRecovered; saved == 0 {
				t.Error("nothing was saved")
			}
		})
	}
}

// Where nothing is lost nothing is sent twice, but for the symbols with which a
// dense flow begins.
func TestNoRedundancyWithoutLoss(t *testing.T) {
	if f := runPaced(t, RedundancyAdaptive, 1, 16*time.Millisecond, 0, 1000); f.sender.Repeats+f.sender.SymbolsSent > 0 {
		t.Errorf("%d copies, %d symbols", f.sender.Repeats, f.sender.SymbolsSent)
	}
	short := runPaced(t, RedundancyAdaptive, 1, 2*time.Millisecond, 0, lossRateSpan)
	long := runPaced(t, RedundancyAdaptive, 1, 2*time.Millisecond, 0, 4*lossRateSpan)
	if a, b := short.sender.SymbolsSent, long.sender.SymbolsSent; a == 0 || b > a+1 {
		t.Errorf("%d symbols for the first messages, %d after four times as many", a, b)
	}
}

// A flow that fills its window has nothing to spare.
func TestNoRedundancyInBulk(t *testing.T) {
	p := newPair(t, Config{SendBuffer: 64 << 20, ReceiveWindow: 64 << 20})
	dialer, listener := p.connect()
	n := 0
	p.drop = func(int, []byte) bool { n++; return n%50 == 0 }
	const count = 20_000
	for i := range count {
		dialer.Send(p.now, message(i, 400), false)
	}
	p.drain(0)
	got := 0
	p.run(time.Minute, func() bool { got += len(collect(listener, p.now, 0)); return got == count })
	if s := dialer.Stats(); s.RepeatBytes+s.SymbolBytes > count*400/500 {
		t.Errorf("%d bytes of copies, %d of symbols in %d of messages", s.RepeatBytes, s.SymbolBytes, count*400)
	}
}

// A run of losses ends with the first packet between them that arrived, even
// if that was forgotten since (RFC 9002 section 7.6.2).
func TestForgottenAcksEndARunOfLosses(t *testing.T) {
	var acked spans
	acked.add(5, 8)
	acked.add(12, 20)
	r := lossRun{ends: never64}
	r.extend(10, 1*time.Second, acked)
	if long := r.extend(30, 9*time.Second, nil); long != 0 {
		t.Errorf("a run of %v across packets that arrived", long)
	}
	if long := r.extend(31, 10*time.Second, nil); long != time.Second {
		t.Errorf("a run of %v, want 1s", long)
	}
	r.acked(32)
	if long := r.extend(33, 11*time.Second, nil); long != 0 {
		t.Errorf("a run of %v across a packet that arrived later", long)
	}
}

// A copy that arrives saves its message, whether that is noticed before or after
// the first packet is declared lost. A message that was given up, and one that was
// sent again, no copy has saved.
func TestWhatCopiesSave(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name    string
		options SendOptions
		loss    float64       // that was measured before
		dark    time.Duration // for how long everything is lost
		next    bool          // a message follows
		saved   uint64
	}{
		{"copy", SendOptions{}, 0.01, 1 * ms, false, 1},
		{"second copy", SendOptions{}, 0.1, 4 * ms, false, 1},
		{"no copy", SendOptions{}, 0, 1 * ms, false, 0},
		{"superseded", SendOptions{Mode: proto.ModeLatest}, 0, 1 * ms, true, 0},
		{"too late", SendOptions{Mode: proto.ModeDeadline, Lifetime: 30 * ms}, 0.01, 15 * ms, true, 0},
		{"never repaired", SendOptions{Mode: proto.ModeUnreliable}, 0.01, 1 * ms, true, 0},
		{"sent again", SendOptions{}, 0.01, 30 * ms, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(t, Config{})
			dialer, _ := p.connect()
			p.quiet()
			dialer.redundancy.loss = lossRate{rate: c.loss, packets: lossRateSpan}
			end := p.now + c.dark
			p.drop = func(from int, _ []byte) bool { return p.now < end }
			dialer.SendOn(p.now, c.options, make([]byte, 100))
			p.drain(0)
			p.pass(c.dark)
			if c.next {
				dialer.SendOn(p.now, c.options, make([]byte, 100))
				p.drain(0)
			}
			p.pass(time.Second)
			s := dialer.Stats()
			if s.RedundancySaved != c.saved || dialer.out.open != 0 {
				t.Errorf("%d saved, want %d: %+v", s.RedundancySaved, c.saved, s)
			}
		})
	}
}

// A peer that sends repair symbols on every lane has them used on a few: each
// costs memory.
func TestDecodersAreBounded(t *testing.T) {
	p := newPair(t, Config{})
	_, listener := p.connect()
	p.quiet()
	for channel := range 256 {
		p.inject(func(b *proto.DataBuilder) {
			b.AddRepair(&proto.Repair{Channel: uint8(channel), Span: 2, Key: 1, Payload: make([]byte, 100)})
		})
	}
	decoders := 0
	for _, l := range listener.in.lanes {
		if l.decoder != nil {
			decoders++
		}
	}
	if decoders != maxDecoders || listener.Err() != nil {
		t.Errorf("%d decoders, %v, want %d and a living connection", decoders, listener.Err(), maxDecoders)
	}
}
