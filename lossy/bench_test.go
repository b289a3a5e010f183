package lossy

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unsafe"
)

var benchmarkProfiles = []struct {
	name    string
	profile Profile
}{
	{"perfect", Profile{}},
	{"loss", Profile{Loss: 0.05}},
	{"bursts", Profile{Loss: 0.05, Burst: 4}},
	{"mtu", Profile{MTU: 1300}},
	{"blackout", Profile{Blackout: Blackout{"every=1h0m0s,for=1ms"}}},
	{"rule", Profile{Drop: Rules{"size>1300"}}},
	{"rule-bytes", Profile{Drop: Rules{"bytes=0x0102@4,index=5-9,age<2s"}}},
	{"reorder", Profile{Reorder: 0.05}},
	{"reorder-spread", Profile{Reorder: 0.05, ReorderSpread: Displacement{Min: 1, Max: 8}}},
	{"reorder-geometric", Profile{Reorder: 1, ReorderSpread: Displacement{Mean: 3}}},
	{"reorder-hold", Profile{Reorder: 0.05, ReorderFor: 20 * time.Millisecond}},
	{"reorder-gap", Profile{Delay: 40 * time.Millisecond, Reorder: 0.25, ReorderGap: 5}},
	{"duplicate-copies", Profile{Duplicate: 0.05, DuplicateCopies: 3, DuplicateDelay: 20 * time.Millisecond}},
	{"corrupt", Profile{Corrupt: 0.05}},
	{"corrupt-bits", Profile{Corrupt: 0.05, CorruptHow: Damage{N: 3}}},
	{"corrupt-bytes", Profile{Corrupt: 0.05, CorruptHow: Damage{Kind: DamageBytes, N: 4}}},
	{"corrupt-truncate", Profile{Corrupt: 0.05, CorruptHow: Damage{Kind: DamageTruncate}}},
	{"corrupt-extend", Profile{Corrupt: 0.05, CorruptHow: Damage{Kind: DamageExtend, N: 16}}},
	{"all", everything},
	{"switched", switched},
	{"chancy", chancy},
	{"headed", headed},
	{"gilbert-elliott", Profile{LossModel: GilbertElliott{P: 0.01, R: 0.25, Bad: 0.9, Good: 0.01}}},
	{"four-state", Profile{LossModel: FourState{P13: 0.01, P31: 0.2, P32: 0.3, P23: 0.6, P14: 0.005}}},
	{"every", Profile{LossModel: EveryNth{N: 20, First: 19}}},
	{"exactly", Profile{LossModel: ExactlyOf{K: 3, Of: 100}}},
	{"list", Profile{LossModel: DropList{"\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\xff\x00\x00\x00\x03"}}},
	{"loss-trace", Profile{LossModel: LossTrace{"t", "0100101"}}},
	{"correlated", Profile{LossModel: CorrelatedLoss{P: 0.05, Rho: 0.25}}},
	{"netem-loss", Profile{LossModel: mustNetemLoss(0.05, 0.25)}},
	{"netem", Profile{LossModel: mustNetemLoss(0.05, 0.25), Duplicate: 0.01, Corrupt: 0.01, Delay: 40e6, Jitter: 10e6,
		Reorder: 0.25, ReorderGap: 5, JitterReorder: true, Distribution: netemTable("netem-pareto"),
		Netem: NetemCompat{On: true, Limit: 1000, Duplicate: 0.25, Corrupt: 0.25, Reorder: 0.5, Delay: 0.25}}},
	// What any law of delay is to be compared with: as many datagrams in flight, as
	// held says, and then also in bursts.
	{"delay", Profile{Delay: 40e6}},
	{"delay-30", Profile{Delay: 30e6}},
	{"delay-80", Profile{Delay: 80e6}},
	{"delay-600", Profile{Delay: 600e6}},
	{"jitter", Profile{Delay: 40e6, Jitter: 10e6}},
	// What a law of displacement is.
	{"reorder-all", Profile{Reorder: 1}},
	{"normal", Profile{Delay: 40e6, Jitter: 10e6, Distribution: NormalDelay{}}},
	{"pareto", Profile{Delay: 40e6, Jitter: 10e6, Distribution: ParetoDelay{}}},
	{"paretonormal", Profile{Delay: 40e6, Jitter: 10e6, Distribution: ParetoNormalDelay{}}},
	{"lognormal", Profile{Delay: 40e6, Jitter: 10e6, Distribution: LogNormalDelay{}}},
	{"delay-table", Profile{Delay: 40e6, Jitter: 10e6, Distribution: benchmarkLaw("table:t", "-8192 0 8192")}},
	{"delay-cdf", Profile{Distribution: benchmarkLaw("cdf:c", "10ms 0\n20ms 50%\n40ms 90%\n60ms 99%\n1s 1")}},
	{"delay-cdf-4096", Profile{Distribution: benchmarkLaw("cdf:c", manyPoints())}},
	{"delay-trace", Profile{Distribution: benchmarkLaw("trace:t", "10ms 11ms 12ms")}},
	{"burst-cap", Profile{Loss: 0.05, LossBurstCap: 3}},
	{"rate", Profile{Rate: 9e6}},
	{"packets", Profile{Rate: 9e6, QueuePackets: 100}},
	{"drophead", Profile{Rate: 9e6, QueuePackets: 100, Discipline: DropHead{}}},
	{"codel", Profile{Rate: 9e6, QueuePackets: 1000, Discipline: CoDel{codelTarget, codelInterval}}},
	{"red", Profile{Rate: 9e6, QueuePackets: 100, Discipline: RED{redMin, redMax, false, redProbability, redWeight}}},
	{"policer", Profile{Policer: Policer{9e6, 64 << 10}}},
	{"trace", Profile{LinkTrace: &LinkTrace{"12 Mbit/s", []uint32{1}}}},
}

func mustNetemLoss(p, correlation float64) NetemLoss {
	m, err := NewNetemLoss(p, correlation)
	if err != nil {
		panic(err)
	}
	return m
}

// manyPoints is as fine a distribution as there may be.
func manyPoints() string {
	var b strings.Builder
	for i := range MaxCDFPoints {
		fmt.Fprintf(&b, "%dus %v\n", 10_000+10*i, float64(i)/(MaxCDFPoints-1))
	}
	return b.String()
}

func benchmarkLaw(text, content string) Distribution {
	d, err := ParseDistribution(text, func(string) ([]byte, error) { return []byte(content), nil })
	if err != nil {
		panic(err)
	}
	return d
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
// with a full queue where the rate is less than the 9.6 Mbit/s that are sent.
// Datagrams in flight cost what their memory does, whatever keeps them there:
// held is how many there are on average.
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
			const warmUp = 20_000 // until its rings have grown
			held := 0
			for range warmUp {
				step()
				held += l.held()
			}
			b.SetBytes(1200)
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(held)/warmUp, "held")
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

// sink takes everything and gives nothing, by the calls that allocate nothing.
type sink struct{ *faulty }

func (s sink) WriteToUDPAddrPort(b []byte, _ netip.AddrPort) (int, error) { return len(b), nil }

func (s sink) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	n, _, err := s.ReadFrom(b)
	return n, netip.AddrPort{}, err
}

// BenchmarkWrap is the cost of a datagram written through a Conn, less that of
// the socket it stands before, which here does nothing.
func BenchmarkWrap(b *testing.B) {
	c := Wrap(sink{&faulty{reads: make(chan error)}}, Config{})
	defer c.Close()
	payload := make([]byte, 1200)
	b.SetBytes(1200)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.WriteToUDPAddrPort(payload, bob); err != nil {
			b.Fatal(err)
		}
	}
}

// A verdict is handed on by value: at 128 bytes instead of 112 it cost 13 ns more to
// return, and a datagram 30 ns more to put into a backlog.
func TestVerdictIsSmall(t *testing.T) {
	if got := unsafe.Sizeof(Verdict{}); got > 112 {
		t.Errorf("a verdict has %d bytes, want at most 112: order its fields, or see BenchmarkDecide", got)
	}
}

// The steady state allocates nothing, whatever is on.
func TestLinkAllocatesNothing(t *testing.T) {
	for _, c := range benchmarkProfiles {
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
		for range 5000 {
			step()
		}
		if got := testing.AllocsPerRun(5000, step); got != 0 {
			t.Errorf("%s: %v allocations a datagram, want 0", c.name, got)
		}
	}
}
