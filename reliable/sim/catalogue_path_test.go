package sim

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/proto"
	"udplab/reliable/arq"
	"udplab/reliable/congestion"
)

// port and network are the places a node moves to: another port of its first
// address, or another network.
func port(n *Node, k int) netip.AddrPort {
	return netip.AddrPortFrom(addressOf(n.index).Addr(), uint16(10000+k))
}

func network(n *Node, k int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{172, 16, byte(n.index), byte(k)}), 9000)
}

// A transfer goes on while the one who began it moves every second, whoever
// sends: to other ports, to other networks, and there and back.
func TestA19_MovesDuringATransfer(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(n *Node, k int) netip.AddrPort{
		"port":    port,
		"network": network,
		"both": func(n *Node, k int) netip.AddrPort {
			return netip.AddrPortFrom(network(n, k).Addr(), uint16(20000+k))
		},
		"there and back": func(n *Node, k int) netip.AddrPort {
			if k%2 == 0 {
				return addressOf(n.index)
			}
			return network(n, 1)
		},
	} {
		for _, upload := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/upload=%v", name, upload), func(t *testing.T) {
				w, a, b := pairWorld(1, arq.Config{})
				for _, l := range []*lossy.Link{w.Path(a, b), w.Path(b, a)} {
					l.SetProfile(lossy.Profile{Delay: 20 * time.Millisecond, Loss: 0.01, Rate: 5e6, Queue: 100 * time.Millisecond})
				}
				e := a.Dial(b)
				w.Run(time.Second)
				sender, receiver := e, b.Ends()[0]
				if !upload {
					sender, receiver = receiver, e
				}
				const count = 60
				for range count {
					sender.Queue(100_000)
				}
				for k := 1; k <= 8; k++ {
					w.At(time.Duration(k+1)*time.Second, func() { a.Rebind(place(a, k)) })
				}
				if !w.RunUntil(time.Minute, func() bool { return receiver.Delivered() == count }) {
					t.Fatalf("%v: %d of %d messages delivered: %v", w, receiver.Delivered(), count, w.Err())
				}
				w.Run(5 * time.Second)
				w.oracle.settled()
				if err := w.Err(); err != nil {
					t.Error(err)
				}
				if moves := b.Ends()[0].Conn.Stats().PathChanges; moves < 7 {
					t.Errorf("followed %d of 8 moves", moves)
				}
			})
		}
	}
}

// The switch takes one round trip from the first packet of the new address, and
// until then no more bytes go there than came (the oracle sees to that).
func TestA19_SwitchInOneRoundTrip(t *testing.T) {
	w, a, b := pairWorld(1, arq.Config{})
	e := a.Dial(b)
	w.Run(time.Second)
	a.Rebind(network(a, 1))
	e.Queue(100)
	var came, moved time.Duration
	w.Observe = func(o Observation) {
		switch {
		case o.Kind == Received && o.Node == b && o.PeerAddr == network(a, 1) && came == 0:
			came = o.At
		case o.Kind == Moved:
			moved = o.At
		}
	}
	w.Run(time.Second)
	if got, want := moved-came, 40*time.Millisecond; moved == 0 || got != want {
		t.Errorf("the switch came %v after the first packet, want one round trip, %v", got, want)
	}
	if got, want := b.Ends()[0].Conn.Stats().SmoothedRTT, 40*time.Millisecond; got != want {
		t.Errorf("round trip of the new path %v, want %v, as the challenge measured it", got, want)
	}
	if err := w.Err(); err != nil {
		t.Error(err)
	}
}

// Moves during the handshake cost a repeated hello each, no more.
func TestA19_MovesDuringTheHandshake(t *testing.T) {
	for at := time.Duration(0); at <= 100*time.Millisecond; at += 5 * time.Millisecond {
		w, a, b := pairWorld(1, arq.Config{})
		e := a.Dial(b)
		w.At(at, func() { a.Rebind(port(a, 1)) })
		e.Queue(100)
		if !w.RunUntil(2*time.Second, func() bool {
			ends := b.Ends()
			return len(ends) > 0 && ends[len(ends)-1].Delivered() == 1
		}) {
			t.Errorf("moved after %v: no message delivered in 2 s: %v (%v)", at, e, w.Err())
		}
		if err := w.Err(); err != nil {
			t.Errorf("moved after %v: %v", at, err)
		}
	}
}

// After a blackout in which the address changed, data flows within a second of
// the path's return, whoever has something to send, as long as the mover has.
func TestA19_MovesDuringABlackout(t *testing.T) {
	w, a, b := pairWorld(1, arq.Config{})
	e := a.Dial(b)
	w.Run(time.Second)
	for _, l := range []*lossy.Link{w.Path(a, b), w.Path(b, a)} {
		l.SetDown(true)
	}
	e.Queue(100)
	b.Ends()[0].Queue(100)
	w.Run(10 * time.Second)
	a.Rebind(network(a, 1))
	w.Run(20 * time.Second)
	for _, l := range []*lossy.Link{w.Path(a, b), w.Path(b, a)} {
		l.SetDown(false)
	}
	w.Run(time.Second)
	if got := b.Ends()[0].Delivered() + e.Delivered(); got != 2 {
		t.Errorf("%d of 2 messages delivered a second after the path came back", got)
	}
	if err := w.Err(); err != nil {
		t.Error(err)
	}
}

// A spoofed copy of every packet, from an address that never answers, changes
// nothing but one challenge at a time; that no more than was received goes
// there is the oracle's business.
func TestA19_SpoofedAddressesAreNotFollowed(t *testing.T) {
	w, a, b := pairWorld(1, arq.Config{})
	m := w.AddNode("m", arq.EndpointConfig{})
	e := a.Dial(b)
	w.Run(time.Second)
	for range 200 {
		a.Spoof(b, m)
		e.Queue(50)
		w.Run(50 * time.Millisecond)
	}
	end := b.Ends()[0]
	if s := end.Conn.Stats(); s.PathChanges != 0 || end.Delivered() != 200 {
		t.Errorf("%d moves, %d of 200 messages", s.PathChanges, end.Delivered())
	}
	if err := w.Err(); err != nil {
		t.Error(err)
	}
}

// black hole: in the middle of a transfer the path stops to carry more than
// 1300 bytes, then more than 1280. The transfer is back at 90 % of what it had
// within 3 probe timeouts and the time its window needs, and when the path
// carries more again, that is found out within a minute.
func TestA20_BlackHole(t *testing.T) {
	w, a, b := pairWorld(1, arq.Config{MaxPacket: 9000, SendBuffer: 1 << 24, ReceiveWindow: 1 << 24})
	for _, l := range []*lossy.Link{w.Path(a, b), w.Path(b, a)} {
		l.SetProfile(lossy.Profile{Delay: 20 * time.Millisecond, Rate: 2e6, Queue: 50 * time.Millisecond})
	}
	mtu := func(n int) { w.SetMTU(a, b, n); w.SetMTU(b, a, n) }
	mtu(1472)
	e := a.Dial(b)
	w.Run(2 * time.Second)
	size := func() int { return e.Conn.Stats().PacketSize }
	if got := size(); got != 1472 {
		t.Fatalf("packets of %d bytes where the path carries 1472", got)
	}
	for range 4000 {
		e.Queue(8000)
	}
	// rate is how many messages arrive in a second, over so long that the
	// cycles of a controller do not matter.
	rate := func() int {
		before := b.Ends()[0].Delivered()
		w.Run(4 * time.Second)
		return (b.Ends()[0].Delivered() - before) / 4
	}
	w.Run(2 * time.Second)
	whole := rate()
	for _, carries := range []int{1300, 1280} {
		timeouts := e.Conn.Stats().ProbeTimeouts
		mtu(carries)
		w.Run(2 * time.Second)
		if got := rate(); got*10 < whole*9 {
			t.Errorf("%d messages a second where the path carries %d, %d before", got, carries, whole)
		}
		if got := size(); got > carries || got < carries-searchStepOfRFC8899 {
			t.Errorf("packets of %d bytes where the path carries %d", got, carries)
		}
		if got := e.Conn.Stats().ProbeTimeouts - timeouts; got > 3 {
			t.Errorf("%d probe timeouts until the path was usable again, want 3 at most", got)
		}
	}
	mtu(1472)
	for k := 0; k < 70 && size() < 1400; k++ {
		e.Queue(8000)
		w.Run(time.Second)
	}
	if got := size(); got != 1472 {
		t.Errorf("packets of %d bytes a minute after the path carries 1472 again", got)
	}
	if err := w.Err(); err != nil {
		t.Error(err)
	}
}

// searchStepOfRFC8899 is how close to the truth the search comes.
const searchStepOfRFC8899 = 20

// What falls into a black hole is no congestion: a controller that halves its
// window for each round trip with losses does so once, and takes it back when
// probes have shown that it is the size that does not pass.
func TestA20_BlackHoleIsNoCongestion(t *testing.T) {
	newreno := func(c congestion.Config) congestion.Controller { return congestion.NewNewReno(c) }
	w, a, b := pairWorld(1, arq.Config{MaxPacket: 1452, Congestion: newreno})
	for _, l := range []*lossy.Link{w.Path(a, b), w.Path(b, a)} {
		l.SetProfile(lossy.Profile{Delay: 20 * time.Millisecond, Rate: 10e6, Queue: 100 * time.Millisecond})
	}
	e := a.Dial(b)
	w.Run(2 * time.Second)
	for range 100 {
		e.Queue(100_000)
	}
	w.Run(3 * time.Second)
	before := e.Conn.Stats()
	w.SetMTU(a, b, 1300)
	low := before.CongestionWindow
	for range 100 {
		w.Run(10 * time.Millisecond)
		low = min(low, e.Conn.Stats().CongestionWindow)
	}
	after := e.Conn.Stats()
	t.Logf("window %d, %d in the black hole, %d after; %d packets lost", before.CongestionWindow, low, after.CongestionWindow, after.PacketsLost-before.PacketsLost)
	if after.BlackHoles != 1 || after.PacketsLost == before.PacketsLost || low >= before.CongestionWindow {
		t.Errorf("%d black holes, %d packets lost in them: the test shows nothing", after.BlackHoles, after.PacketsLost-before.PacketsLost)
	}
	if low < before.CongestionWindow/2 || after.CongestionWindow < before.CongestionWindow {
		t.Errorf("window %d before, %d in the black hole, %d after", before.CongestionWindow, low, after.CongestionWindow)
	}
}

// Lost probes are not congestion: they are in no counter of losses, and the
// window does not notice them.
func TestA20_ProbesAreNotCongestion(t *testing.T) {
	for _, carries := range []int{1200, 1280, 1400, 1472, 1492, 8972, 0} {
		w, a, b := pairWorld(1, arq.Config{MaxPacket: proto.MaxDatagram})
		w.SetMTU(a, b, carries)
		w.SetMTU(b, a, carries)
		e := a.Dial(b)
		w.Run(500 * time.Millisecond)
		window := e.Conn.Stats().CongestionWindow
		w.Run(time.Minute)
		s := e.Conn.Stats()
		if s.PacketsLost != 0 || s.CongestionWindow < window {
			t.Errorf("path of %d bytes: %d packets lost, window from %d to %d", carries, s.PacketsLost, window, s.CongestionWindow)
		}
		if s.PacketSize > max(carries, 1200) && carries > 0 || s.PacketSize < min(max(carries, 1200)-searchStepOfRFC8899, 1492) && carries > 0 {
			t.Errorf("path of %d bytes: packets of %d", carries, s.PacketSize)
		}
		if err := w.Err(); err != nil {
			t.Errorf("path of %d bytes: %v", carries, err)
		}
	}
}

// must-reply frames: a peer that asks 100,000 times gets no more than a bounded
// number of answers. (Each packet is acknowledged: it asked for that, too.)
func TestR7_FloodOfChallenges(t *testing.T) {
	w, a, b := pairWorld(1, arq.Config{})
	a.Dial(b)
	w.Run(time.Second)
	end := b.Ends()[0]
	before := end.Conn.Stats().PacketsSent
	flood := 100_000
	if raceEnabled {
		flood = 20_000
	}
	number := uint32(1000)
	for k := range flood {
		d := proto.BeginData(nil, end.Conn.LocalID(), number)
		number++
		d.AddPathChallenge(uint64(k))
		d.AddAckNow()
		a.Inject(b, d.Finish())
	}
	w.Run(10 * time.Millisecond)
	answers := 0
	w.Observe = func(o Observation) {
		if o.Kind != Sent || o.Node != b {
			return
		}
		var p proto.Packet
		if proto.Parse(o.Datagram, &p) != nil || p.Type != proto.TypeData {
			return
		}
		frames := p.Data.Frames()
		for f := new(proto.Frame); frames.Next(f); {
			if f.Type == proto.FramePathResponse {
				answers++
			}
		}
	}
	w.Run(time.Second)
	if answers == 0 || answers > 128 {
		t.Errorf("%d responses to %d challenges, want some, and no more than two seconds' worth of 64", answers, flood)
	}
	if sent := end.Conn.Stats().PacketsSent - before; sent > uint64(flood)+200 {
		t.Errorf("%d packets for %d received", sent, flood)
	}
}
