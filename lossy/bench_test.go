package lossy

import (
	"net/netip"
	"testing"
	"time"
)

var benchmarkProfiles = []struct {
	name    string
	profile Profile
}{
	{"perfect", Profile{}},
	{"loss", Profile{Loss: 0.05}},
	{"bursts", Profile{Loss: 0.05, Burst: 4}},
	{"all", everything},
	{"switched", switched},
}

// BenchmarkDecide is the cost of a verdict.
func BenchmarkDecide(b *testing.B) {
	for _, c := range benchmarkProfiles {
		b.Run("profile="+c.name, func(b *testing.B) {
			m := NewModel(1, 0, Up, c.profile)
			b.ReportAllocs()
			for b.Loop() {
				m.Decide(1200)
			}
		})
	}
}

// BenchmarkLink is the cost of a datagram of 1200 bytes in and out of a link,
// with about 40 in flight where there is delay.
func BenchmarkLink(b *testing.B) {
	for _, c := range benchmarkProfiles {
		b.Run("profile="+c.name, func(b *testing.B) {
			l := NewLink(1, 0, Up, c.profile)
			payload, buf := make([]byte, 1200), make([]byte, 0, 2048)
			var now time.Duration
			step := func() {
				now += time.Millisecond
				l.Send(now, payload)
				for ok := true; ok; {
					buf, ok = l.Receive(now, buf[:0])
				}
			}
			for range 1000 {
				step() // until its rings have grown
			}
			b.SetBytes(1200)
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
		})
	}
}

// BenchmarkNetwork is the cost of a datagram through two sockets.
func BenchmarkNetwork(b *testing.B) {
	n := NewNetwork(Config{})
	defer n.Close()
	to := netip.MustParseAddrPort("127.0.0.1:1")
	listen := func(addr netip.AddrPort) *socket {
		pc, err := n.Listen(addr)
		if err != nil {
			b.Fatal(err)
		}
		return pc.(*socket)
	}
	sender, receiver := listen(alice), listen(to)
	payload, buf := make([]byte, 1200), make([]byte, 2048)
	b.SetBytes(1200)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sender.WriteToUDPAddrPort(payload, to); err != nil {
			b.Fatal(err)
		}
		if _, _, err := receiver.ReadFromUDPAddrPort(buf); err != nil {
			b.Fatal(err)
		}
	}
}

// The steady state allocates nothing, with every impairment on.
func TestLinkAllocatesNothing(t *testing.T) {
	for name, p := range map[string]Profile{"everything": everything, "switched": switched} {
		l := NewLink(1, 0, Up, p)
		payload, buf := make([]byte, 1200), make([]byte, 0, 2048)
		var now time.Duration
		step := func() {
			now += time.Millisecond
			l.Send(now, payload)
			for ok := true; ok; {
				buf, ok = l.Receive(now, buf[:0])
			}
		}
		for range 5000 {
			step()
		}
		if got := testing.AllocsPerRun(5000, step); got != 0 {
			t.Errorf("%s: %v allocations a datagram, want 0", name, got)
		}
	}
}
