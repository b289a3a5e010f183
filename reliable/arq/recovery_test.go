package arq

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"udplab/proto"
	"udplab/reliable/congestion"
)

// recorder is a controller that never holds anything back and notes what it is
// told.
type recorder struct {
	congestion.Fixed
	acks     []congestion.Ack
	losses   []congestion.Loss
	spurious []congestion.Spurious
	window   int // 0: no limit
}

func (r *recorder) Window() int                             { return cmp.Or(r.window, 1<<30) }
func (r *recorder) PacingRate() float64                     { return 0 }
func (r *recorder) Acked(_ time.Duration, a congestion.Ack) { r.acks = append(r.acks, a) }
func (r *recorder) Lost(_ time.Duration, l congestion.Loss) {
	l.Rates = slices.Clone(l.Rates)
	r.losses = append(r.losses, l)
}
func (r *recorder) Spurious(_ time.Duration, s congestion.Spurious) {
	r.spurious = append(r.spurious, s)
}

// sender is an open connection with packets in flight, each holding one
// message, sent a millisecond apart; its peer never sees them, the test
// acknowledges.
type sender struct {
	t     testing.TB
	conn  *Conn
	cc    *recorder
	now   time.Duration
	first uint64
	sent  []time.Duration // by packet
}

// newSender opens a connection over a path of 100 ms and sends n packets.
func newSender(t testing.TB, n int) *sender {
	s := &sender{t: t, cc: &recorder{}}
	config := Config{
		SendBuffer: 1 << 40, FixedPacket: 1200,
		Congestion: func(congestion.Config) congestion.Controller { return s.cc },
	}
	hello := proto.Hello{SourceID: 7, Params: proto.Params{MaxData: 1 << 50, MaxPacket: proto.MaxDatagram}}
	s.conn = accept(0, config, origin{localID: 9, random: func() uint64 { return 0 }}, &hello)
	s.conn.skips.next = 0 // the test names packets by their place
	s.conn.opened()
	for range 8 {
		s.conn.rtt.sample(100*ms, 0)
	}
	s.first = s.conn.nextNumber
	for range n {
		s.send()
	}
	return s
}

// send sends one packet of 1,000 bytes of message, a millisecond after the last.
func (s *sender) send() {
	s.t.Helper()
	s.now += ms
	s.queue()
	s.drain()
	s.sent = append(s.sent, s.now)
}

// queue gives the connection a message that waits to leave.
func (s *sender) queue() {
	s.t.Helper()
	if _, err := s.conn.Send(s.now, make([]byte, 1000), false); err != nil {
		s.t.Fatal(err)
	}
}

// drain lets all packets leave that may.
func (s *sender) drain() {
	var buf []byte
	for ok := true; ok; {
		buf, _, ok = s.conn.AppendPacket(s.now, buf[:0])
	}
}

// ack acknowledges packets lo to hi, counted from 0, at the given time.
func (s *sender) ack(at time.Duration, lo, hi uint64) {
	s.now = max(s.now, at)
	s.conn.handleAck(s.now, &proto.Ack{
		Largest: uint32(s.first + hi), N: 1,
		Ranges: [proto.MaxAckRanges]proto.AckRange{{Count: uint32(hi - lo + 1)}},
	})
}

func (s *sender) lost(n uint64) bool { return s.conn.sent.packets.at(s.first + n).lost }

// RFC 9002 section 6.1.1: three packets acknowledged behind it make a packet
// lost, two do not.
func TestPacketThreshold(t *testing.T) {
	s := newSender(t, 10)
	s.ack(s.sent[2]+100*ms, 1, 2)
	if s.lost(0) {
		t.Error("lost with two packets acknowledged behind it")
	}
	s.ack(s.sent[3]+100*ms, 1, 3)
	if !s.lost(0) {
		t.Error("not lost with three packets acknowledged behind it")
	}
	if len(s.cc.losses) != 1 || s.cc.losses[0].Packets != 1 || s.cc.losses[0].LargestSentAt != s.sent[0] {
		t.Errorf("the controller was told %+v", s.cc.losses)
	}
}

// The controller hears of each lost packet what was in flight when it left and
// how much was lost since, it included (draft-ietf-ccwg-bbr section 5.5.10.2).
func TestEachLostPacketHasItsRate(t *testing.T) {
	s := newSender(t, 10)
	size := int(s.conn.sent.packets.at(s.first).size)
	s.ack(s.sent[5]+100*ms, 3, 5)
	s.ack(s.sent[9]+100*ms, 9, 9)
	if len(s.cc.losses) != 2 || len(s.cc.losses[0].Rates) != 3 || len(s.cc.losses[1].Rates) != 1 {
		t.Fatalf("the controller was told %+v, want three packets lost, then one", s.cc.losses)
	}
	rates := slices.Concat(s.cc.losses[0].Rates, s.cc.losses[1].Rates)
	for i, want := range []struct{ inFlight, lost int }{{1, 1}, {2, 2}, {3, 3}, {7, 4}} {
		if r := rates[i]; r.TxInFlight != want.inFlight*size || r.Lost != want.lost*size {
			t.Errorf("%d in flight, %d lost, want %d and %d packets of %d", r.TxInFlight, r.Lost, want.inFlight, want.lost, size)
		}
	}
}

// RFC 9002 section 6.1.2: 9/8 of the round trip after it left, a packet is lost
// if any later one was acknowledged. More waits to leave: the flow is not thin.
func TestTimeThreshold(t *testing.T) {
	s := newSender(t, 2)
	s.queue()
	s.ack(s.sent[1]+100*ms, 1, 1)
	due, ok := s.conn.NextTimeout()
	if want := s.sent[0] + s.conn.rtt.timeThreshold(); !ok || due != want {
		t.Fatalf("timer at %v, want 9/8 of a round trip after the packet left: %v", due, want)
	}
	s.conn.HandleTimeout(due - 1)
	if s.lost(0) {
		t.Error("lost before its time")
	}
	s.conn.HandleTimeout(due)
	if !s.lost(0) {
		t.Error("not lost at its time")
	}
}

// RFC 8985 section 6.2: once a packet was overtaken, only time makes packets
// lost, and the time follows how late that one was.
func TestReorderingWidensTheWindow(t *testing.T) {
	s := newSender(t, 60)
	s.ack(s.sent[5]+100*ms, 1, 5) // 0 is declared lost
	s.ack(s.sent[0]+140*ms, 0, 5) // and comes 40 ms late
	if len(s.cc.spurious) != 1 || s.cc.spurious[0].Packets != 1 || s.cc.spurious[0].SentAt != s.sent[0] {
		t.Fatalf("the controller was told of spurious losses: %+v", s.cc.spurious)
	}
	if got, want := s.conn.reordering.window, 50*ms; got != want {
		t.Errorf("window %v after a packet that was 40 ms late, want a quarter more: %v", got, want)
	}
	s.ack(s.sent[30]+110*ms, 7, 30) // 6 is missing, 24 behind it are here
	if s.lost(6) {
		t.Error("declared lost by number although packets are known to overtake each other")
	}
	due, _ := s.conn.NextTimeout()
	if want := s.sent[6] + s.conn.rtt.latest + 50*ms; due != want {
		t.Errorf("loss timer at %v, want the newest round trip and the window after it left: %v", due, want)
	}
	s.conn.HandleTimeout(due)
	if !s.lost(6) {
		t.Error("not lost after the window")
	}
}

// The window never exceeds a round trip, however late a packet comes.
func TestReorderingWindowIsAtMostARoundTrip(t *testing.T) {
	var r reordering
	path := rtt{min: 40 * ms, smoothed: 80 * ms, latest: 80 * ms, sampled: true}
	r.tooEarly(time.Hour, &path)
	if got := r.window; got != 80*ms {
		t.Errorf("window %v, want the smoothed round trip of 80 ms", got)
	}
}

// RFC 8985 section 6.2 step 4: after 16 recoveries without reordering the
// window is forgotten.
func TestReorderingIsForgotten(t *testing.T) {
	var r reordering
	path := rtt{min: 40 * ms, smoothed: 80 * ms, latest: 80 * ms, sampled: true}
	r.tooEarly(40*ms, &path)
	if got := r.window; got != 50*ms {
		t.Errorf("window %v, want 50 ms: as late as the packet came and a quarter more", got)
	}
	for range evidenceLasts / 2 {
		r.lossEvent()
	}
	r.overtaken(&path)
	for range evidenceLasts/2 - 1 {
		r.lossEvent()
	}
	if got := r.window; got != 50*ms {
		t.Errorf("window %v one event before the proof is old, want 50 ms", got)
	}
	r.lossEvent()
	if got := r.window; got != 10*ms {
		t.Errorf("window %v, want a quarter of the least round trip while packets are still overtaken", got)
	}
	for range evidenceLasts / 2 {
		r.lossEvent()
	}
	if r.window != 0 || r.packetThreshold() != packetThreshold {
		t.Error("not forgotten")
	}
}

// RFC 9002 section 5.1: an ack that tells of an older packet, and whose largest
// was acknowledged before, says nothing about the round trip.
func TestRepeatedAckIsNoSample(t *testing.T) {
	s := newSender(t, 3)
	s.ack(s.sent[2]+100*ms, 1, 2)
	before := s.conn.rtt
	s.ack(s.sent[2]+300*ms, 0, 2)
	if s.conn.rtt != before {
		t.Errorf("round trip %v after an ack that came before, want %v", s.conn.rtt.latest, before.latest)
	}
}

// A packet that is overtaken and not declared lost shows that the path reorders.
func TestOvertakenPacketsAreNoticed(t *testing.T) {
	s := newSender(t, 3)
	s.ack(s.sent[2]+100*ms, 1, 2)
	s.ack(s.sent[2]+101*ms, 0, 2)
	if got, want := s.conn.reordering.window, s.conn.rtt.min/4; got != want {
		t.Errorf("window %v, want a quarter of the least round trip: %v", got, want)
	}
	if s.conn.reordering.packetThreshold() != 0 {
		t.Error("packets are still counted on a path that reorders")
	}
}

// RFC 9002 section 7.6: losses that span more than three probe timeouts with
// nothing acknowledged between them are persistent congestion; one packet
// acknowledged in between and they are not.
func TestPersistentCongestion(t *testing.T) {
	persistent := func(arriving ...int) (any bool) {
		s := newSender(t, 0)
		var newest []uint64   // packet of each millisecond: repairs leave, too
		for at := range 900 { // 0.8 s are judged; the threshold is 3*(100 + 1 + 25) ms at most
			s.send()
			newest = append(newest, s.conn.nextNumber-1-s.first)
			if left := at - 100; slices.Contains(arriving, left) {
				s.ack(s.now, newest[left], newest[left])
			}
		}
		if len(s.cc.losses) == 0 {
			t.Error("nothing was lost")
		}
		for _, l := range s.cc.losses {
			any = any || l.Persistent
		}
		return any
	}
	if !persistent(799) {
		t.Error("800 ms of losses are not persistent congestion")
	}
	if persistent(100, 200, 300, 400, 500, 600, 700, 799) {
		t.Error("persistent congestion although one packet of each hundred arrived")
	}
}

// What the controller learns of an ack: the rate at which the path delivered,
// what was in flight, and that the application was not the limit.
func TestControllerLearnsTheDeliveryRate(t *testing.T) {
	s := newSender(t, 300)
	for n := uint64(0); n < 600; n += 2 {
		s.ack(s.sent[n+1]+100*ms, n, n+1)
		s.send()
		s.send()
	}
	a := s.cc.acks[len(s.cc.acks)-1]
	size := float64(s.conn.sent.packets.at(s.conn.sent.oldest).size)
	if got, want := a.Rate.BytesPerSecond, size*1000; got < 0.97*want || got > 1.03*want {
		t.Errorf("delivery rate %.0f bytes a second, want one packet a millisecond: %.0f", got, want)
	}
	if a.PriorInFlight-a.InFlight != a.Bytes {
		t.Errorf("%d bytes in flight before, %d after, %d acknowledged", a.PriorInFlight, a.InFlight, a.Bytes)
	}
}

// BenchmarkAckInFlight shows that an ack costs what it newly acknowledges, not
// what is in flight: 100 packets or 100,000, with a hole at the front or not.
// One op is two packets sent and one ack that repeats all the numbers before.
func BenchmarkAckInFlight(b *testing.B) {
	for _, c := range []struct {
		name   string
		flight int
		hole   bool
	}{{"100", 100, false}, {"100000", 100_000, false}, {"100-hole", 100, true}, {"100000-hole", 100_000, true}} {
		b.Run(c.name, func(b *testing.B) {
			s := newSender(b, c.flight)
			s.conn.reordering = reordering{window: time.Hour, seen: 1 << 40, proof: 1 << 40} // holes stay open
			s.conn.rtt.min = time.Microsecond
			next := uint64(0)
			if c.hole {
				next = 1
			}
			var ack proto.Ack
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				s.send()
				s.send()
				ack.Largest, ack.N = uint32(s.first+next+1), 1
				ack.Ranges[0] = proto.AckRange{Count: uint32(min(next+2, 1<<16))} // as receivers repeat themselves
				s.conn.handleAck(s.now, &ack)
				next += 2
				s.cc.acks, s.cc.losses = s.cc.acks[:0], s.cc.losses[:0]
			}
		})
	}
}
