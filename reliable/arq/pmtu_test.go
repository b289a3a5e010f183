package arq

import (
	"testing"
	"time"

	"udplab/proto"
)

// search asks a path that carries so many bytes until nothing is left to ask.
func search(limit, carries int) (found int, asked []int) {
	m := pmtu{limit: limit}
	m.begin(0)
	size := basePacket
	for {
		next := m.next(size)
		if next == 0 {
			return size, asked
		}
		asked = append(asked, next)
		if next <= carries {
			size = next
		} else {
			m.failed = next
		}
	}
}

// Whatever a path carries is found to within searchStep, never more, with few
// questions, and the usual sizes exactly.
func TestPacketSizeSearch(t *testing.T) {
	for carries := basePacket; carries <= proto.MaxDatagram; carries += 7 {
		found, asked := search(proto.MaxDatagram, carries)
		if found > carries || carries-found > searchStep {
			t.Fatalf("a path of %d bytes: found %d, asked %v", carries, found, asked)
		}
		if len(asked) > 20 {
			t.Fatalf("a path of %d bytes: %d questions %v", carries, len(asked), asked)
		}
	}
	for _, exact := range []int{1280, 1452, 1472, 8972, proto.MaxDatagram} {
		if found, asked := search(proto.MaxDatagram, exact); found != exact {
			t.Errorf("a path of %d bytes: found %d, asked %v", exact, found, asked)
		}
	}
}

// Nothing larger than the limit is ever asked for, and the limit itself is found.
func TestPacketSizeLimit(t *testing.T) {
	for limit := basePacket; limit < 10_000; limit += 13 {
		found, asked := search(limit, proto.MaxDatagram)
		if found != limit {
			t.Fatalf("limit %d: found %d, asked %v", limit, found, asked)
		}
		for _, size := range asked {
			if size > limit || size <= basePacket {
				t.Fatalf("limit %d: asked for %d", limit, size)
			}
		}
	}
}

func TestAckCoversTheProbe(t *testing.T) {
	f := proto.Ack{Largest: 2, N: 3}
	f.Ranges[0].Count = 4 // 2, 1, 0, 2^32-1
	f.Ranges[1] = proto.AckRange{Gap: 2, Count: 1}
	f.Ranges[2] = proto.AckRange{Gap: 1, Count: 2}
	acked := map[uint32]bool{2: true, 1: true, 0: true, 1<<32 - 1: true, 1<<32 - 4: true, 1<<32 - 6: true, 1<<32 - 7: true}
	for d := uint32(0); d < 20; d++ {
		number := 5 - d
		if got := covers(&f, number); got != acked[number] {
			t.Errorf("covers(%d) = %v, want %v", number, got, acked[number])
		}
	}
}

// RFC 8899 section 4.3: large packets lost in a row, and a later small one
// acknowledged, are a black hole; one large packet that arrives is the proof of
// the contrary.
func TestBlackHoleNeedsProof(t *testing.T) {
	for _, c := range []struct {
		comment string
		happens func(m *pmtu)
		want    bool
	}{
		{"large lost, small arrives", func(m *pmtu) {
			for n := range uint64(blackHoleLosses) {
				m.packetLost(n, &sentPacket{size: 1400})
			}
			m.packetArrived(100, 1000)
		}, true},
		{"nothing arrives", func(m *pmtu) {
			for n := range uint64(100) {
				m.packetLost(n, &sentPacket{size: 1400})
			}
		}, false},
		{"small ones arrive that are older", func(m *pmtu) {
			for n := range uint64(100) {
				m.packetLost(n+50, &sentPacket{size: 1400})
			}
			m.packetArrived(10, 1000)
		}, false},
		{"a large one arrives in between", func(m *pmtu) {
			for n := range uint64(100) {
				m.packetLost(n, &sentPacket{size: 1400})
				if n%3 == 0 {
					m.packetArrived(n+1, 1400)
				}
			}
			m.packetArrived(200, 1000)
		}, false},
		{"small ones are lost", func(m *pmtu) {
			for n := range uint64(100) {
				m.packetLost(n, &sentPacket{size: 1200})
			}
			m.packetArrived(200, 1000)
		}, false},
	} {
		var m pmtu
		c.happens(&m)
		if got := m.lost.Packets >= blackHoleLosses && m.fits; got != c.want {
			t.Errorf("%s: black hole %v, want %v", c.comment, got, c.want)
		}
	}
}

// What was lost only because it was larger than the path carries is no
// congestion: once probes of that size are lost, too, the controller hears that
// the losses were spurious. If one passes, they were what they seemed.
func TestBlackHoleIsNoCongestion(t *testing.T) {
	for _, passes := range []bool{false, true} {
		s := newSender(t, 0)
		c := s.conn
		c.idle, c.config.FixedPacket, c.maxPacket, c.pmtu.limit = 0, 0, 1452, 1452
		c.pmtu.begin(0)
		c.pmtu.searched, c.pmtu.raiseAt = true, time.Hour
		large := 0
		// Packets leave at each timeout; those that pass are acknowledged.
		step := func(pass func(size int) bool) {
			for {
				b, _, ok := c.AppendPacket(s.now, nil)
				if !ok {
					break
				}
				if len(b) > basePacket && c.stats.BlackHoles == 0 {
					large++
				}
				if pass(len(b)) {
					f := proto.Ack{Largest: uint32(c.nextNumber - 1), N: 1}
					f.Ranges[0].Count = 1
					s.now += ms
					c.handleAck(s.now, &f)
					c.sizeAcked(s.now, &f)
				}
			}
			if at, ok := c.NextTimeout(); ok {
				s.now = max(s.now, at)
				c.HandleTimeout(s.now)
			}
		}
		c.Send(s.now, make([]byte, 10*1420), false) // ten packets, all of them large
		for c.stats.BlackHoles == 0 && s.now < time.Minute {
			step(func(size int) bool { return size <= basePacket && s.now > ms })
		}
		if large < blackHoleLosses || len(s.cc.losses) == 0 || len(s.cc.spurious) != 0 {
			t.Fatalf("%d large packets, told of %d losses, %d spurious before the probes are lost", large, len(s.cc.losses), len(s.cc.spurious))
		}
		for c.pmtu.first != 0 && c.maxPacket == basePacket && s.now < time.Minute {
			step(func(size int) bool { return passes || size <= basePacket })
		}
		told := 0
		for _, sp := range s.cc.spurious {
			told += sp.Packets
		}
		want := s.lostPackets()
		if passes {
			want = 0
		}
		if told != want || s.now >= time.Minute {
			t.Errorf("the size passes: %v: %d of the %d losses told are told to be spurious, want %d", passes, told, s.lostPackets(), want)
		}
	}
}

// A connection asks for larger packets when it has a use for them, at once, and
// otherwise a second after it opened: one that carries a message or two ends
// without a probe.
func TestPacketSizeSearchWaitsForAUse(t *testing.T) {
	for _, c := range []struct {
		bytes int
		after time.Duration
	}{
		{0, searchRest}, {1000, searchRest}, {50_000, 0},
	} {
		p := newPair(t, Config{MaxPacket: 9000})
		dialer, _ := p.connect()
		opened := p.now
		if c.bytes > 0 {
			if _, err := dialer.Send(p.now, make([]byte, c.bytes), false); err != nil {
				t.Fatal(err)
			}
			p.drain(0)
		}
		p.run(time.Minute, func() bool { return dialer.Stats().SizeProbesSent > 0 })
		if got := p.now - opened; got < c.after-p.delay || got > c.after {
			t.Errorf("%d bytes to send: the first probe after %v, want %v, at most %v less", c.bytes, got, c.after, p.delay)
		}
	}
}
