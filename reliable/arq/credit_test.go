package arq

import (
	"testing"
	"time"

	"udplab/proto"
)

// frames lists the types of a datagram's frames.
func frameTypes(t *testing.T, datagram []byte) []proto.FrameType {
	t.Helper()
	var p proto.Packet
	if err := proto.Parse(datagram, &p); err != nil {
		t.Fatal(err)
	}
	if p.Type != proto.TypeData {
		return nil
	}
	var types []proto.FrameType
	var f proto.Frame
	for it := p.Data.Frames(); it.Next(&f); {
		types = append(types, f.Type)
	}
	return types
}

func contains(types []proto.FrameType, t proto.FrameType) bool {
	for _, have := range types {
		if have == t {
			return true
		}
	}
	return false
}

// The probe for a lost credit carries the credit: the peer may be waiting for
// nothing else. Once any packet brought it there, the others need no repair.
func TestProbeCarriesTheCredit(t *testing.T) {
	p := newPair(t, Config{ReceiveWindow: 4096})
	dialer, listener := p.connect()
	for i := range 3 {
		dialer.Send(p.now, message(i, 500), false)
	}
	p.drain(0)
	p.quiet()
	grants := 0
	p.drop = func(from int, b []byte) bool {
		if from == 1 && contains(frameTypes(t, b), proto.FrameMaxData) {
			grants++
			return grants == 1
		}
		return false
	}
	for range 3 {
		listener.Receive(p.now)
	}
	p.drain(1)
	start := p.now
	p.run(time.Minute, func() bool { return dialer.out.credit > 4096 })
	if got, want := p.now-start, listener.probeTimeout()+p.delay; got > want {
		t.Errorf("the credit arrived after %v, want one probe timeout and a flight: %v", got, want)
	}
	p.quiet()
	if grants != 2 {
		t.Errorf("credit announced %d times, want twice", grants)
	}
}

// Credit that is lost beside other packets is told again when they show the
// loss. No probe does it: nothing is silent.
func TestCreditIsRepairedBesideTraffic(t *testing.T) {
	p := newPair(t, Config{ReceiveWindow: 4096})
	dialer, listener := p.connect()
	for i := range 3 {
		dialer.SendOn(p.now, SendOptions{Channel: 5}, message(i, 500))
	}
	p.drain(0)
	p.quiet()
	connection, channel, lost := dialer.out.credit, dialer.out.channel(5).granted, 0
	p.drop = func(from int, b []byte) bool {
		drop := from == 1 && lost == 0 && contains(frameTypes(t, b), proto.FrameChannelCredit)
		if drop {
			lost++
		}
		return drop
	}
	collect(listener, p.now, 5)
	p.drain(1)
	if lost != 1 || listener.in.credit.limit <= connection {
		t.Fatalf("%d credits lost, limit %d", lost, listener.in.credit.limit)
	}
	for i := range 50 {
		listener.Send(p.now, message(i, 10), false)
		p.drain(1)
		p.pass(5 * ms)
	}
	if listener.Stats().ProbeTimeouts > 0 {
		t.Fatal("a probe left, the test shows nothing")
	}
	if dialer.out.credit <= connection || dialer.out.channel(5).granted <= channel {
		t.Errorf("credit %d and %d of the channel, want more than %d and %d", dialer.out.credit, dialer.out.channel(5).granted, connection, channel)
	}
}

// The window of a channel grows while its application reads as fast as the
// messages come, up to the configured one, and stays while it reads slowly.
func TestWindowGrowsForWhoReadsFast(t *testing.T) {
	for _, fast := range []bool{true, false} {
		p := newPair(t, Config{ReceiveWindow: 1 << 20, SendBuffer: 64 << 20})
		dialer, listener := p.connect()
		for range 2000 { // the first credit ends with a message: none waits for its rest
			dialer.SendOn(p.now, SendOptions{Channel: 5}, make([]byte, 2048-messageCost))
		}
		p.drain(0)
		got, want := 0, uint64(otherCredit)
		if fast {
			want = 1 << 20
			p.run(time.Minute, func() bool {
				got += len(collect(listener, p.now, 5))
				p.drain(1)
				return got == 2000
			})
		} else {
			for range 100 { // eight are a quarter of the window
				p.pass(p.delay)
				listener.ReceiveOn(p.now, 5)
				p.drain(1)
			}
		}
		if window := listener.in.channels[5].credit.window; window != want {
			t.Errorf("fast %v: a window of %d, want %d", fast, window, want)
		}
	}
}

// A crumb of credit is not worth a packet while more is likely on its way.
func TestSenderWaitsForMoreThanACrumbOfCredit(t *testing.T) {
	p := newPair(t, Config{ReceiveWindow: 4096})
	dialer, listener := p.connect()
	sizes := 0
	p.drop = func(from int, b []byte) bool {
		if from == 0 && contains(frameTypes(t, b), proto.FrameFragment) && len(b) < 300 {
			sizes++
		}
		return false
	}
	dialer.Send(p.now, message(0, 40_000), false)
	p.drain(0)
	p.run(time.Minute, listener.Readable)
	if sizes > 1 { // the end of the message may be short
		t.Errorf("%d fragments in packets of less than 300 bytes", sizes)
	}
}

// When the oldest packets in flight carry only bytes that were acknowledged
// by others, a probe must send something else, or silence lasts for ever.
func TestProbeIsNeverSilent(t *testing.T) {
	p := newPair(t, Config{})
	dialer, _ := p.connect()
	p.quiet()
	p.drop = func(int, []byte) bool { return true }
	dialer.Send(p.now, message(0, 100), false)
	p.drain(0)
	// The first probe is a copy; then the acknowledgment of the copy is lost
	// on everything but the message itself.
	end := p.now + 30*time.Second
	probes := p.packets
	dialer.pieceAcked(&piece{seq: dialer.out.first, lo: 0, hi: 100})
	p.run(time.Minute, func() bool { return p.now >= end || dialer.Stats().ProbeTimeouts > 5 })
	if got := p.packets - probes; got < 5 {
		t.Errorf("%d packets in %d probe timeouts", got, dialer.Stats().ProbeTimeouts)
	}
}

// The listener measures the round trip by its accept, so its first timers are
// as good as the dialer's.
func TestListenerMeasuresTheHandshake(t *testing.T) {
	p := newPair(t, Config{})
	_, listener := p.connect()
	if got, want := listener.Stats().SmoothedRTT, 40*time.Millisecond; got != want {
		t.Errorf("round trip %v, want %v", got, want)
	}
	// An accept that was sent twice tells nothing: which one was answered?
	p = newPair(t, Config{})
	lose := true
	p.drop = func(from int, b []byte) bool {
		var packet proto.Packet
		proto.Parse(b, &packet)
		if packet.Type != proto.TypeAccept || !lose {
			return false
		}
		lose = false
		return true
	}
	_, listener = p.connect()
	if got := listener.Stats().SmoothedRTT; got != 0 {
		t.Errorf("round trip %v measured by an accept that was sent twice", got)
	}
}

// Pings that keep a blocked connection alive end with the blockade.
func TestPingsEndWithTheBlockade(t *testing.T) {
	p := newPair(t, Config{ReceiveWindow: 4096, IdleTimeout: 8 * time.Second})
	dialer, listener := p.connect()
	for i := range 5 {
		dialer.Send(p.now, message(i, 1000), false)
	}
	p.drain(0)
	end := p.now + 3*time.Second
	p.run(time.Minute, func() bool { return p.now >= end })
	if !dialer.timers.isSet(timerKeepAlive) {
		t.Fatal("nothing keeps the blocked connection alive")
	}
	for range 3 {
		listener.Receive(p.now)
		p.drain(1)
	}
	p.quiet()
	if dialer.timers.isSet(timerKeepAlive) {
		t.Error("pings go on although nothing is blocked")
	}
}
