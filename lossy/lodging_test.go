package lossy

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// signed is a payload that follows from its number, of 8 bytes or more.
func signed(n uint64, size int) []byte {
	b := bytes.Repeat([]byte{byte(n), byte(n >> 8), byte(size)}, size/3+4)[:size+8]
	binary.BigEndian.PutUint64(b, n)
	return b
}

// Two links that share a bottleneck or not, and change their minds: whatever
// waits where, every datagram comes out as it went in, at most once, and in the
// end nothing is held and nothing charged.
func TestPayloadsSurviveWhereverTheyWait(t *testing.T) {
	for range 10 { // what it looks for takes a few hundred runs to meet
		rapid.Check(t, payloadsSurvive)
	}
}

func payloadsSurvive(t *rapid.T) {
	shared := NewBottleneck()
	links := []*Link{NewLink(1, 0, Up, Profile{}), NewLink(1, 1, Up, Profile{})}
	for _, l := range links {
		l.SetBottleneck(shared)
	}
	pick := func() *Link { return links[rapid.IntRange(0, 1).Draw(t, "link")] }
	var now time.Duration
	var sent uint64
	out := map[uint64]bool{}
	receive := func(l *Link) {
		for {
			b, ok := l.Receive(now, nil)
			if !ok {
				return
			}
			n := binary.BigEndian.Uint64(b)
			if out[n] || !bytes.Equal(b, signed(n, len(b)-8)) {
				t.Fatalf("datagram %d came out damaged, or twice: %x", n, b)
			}
			out[n] = true
		}
	}
	balance := func(l *Link) {
		s := l.Stats()
		if s.Unaccounted() != 0 {
			t.Fatalf("%d datagrams are unaccounted for in %+v", s.Unaccounted(), s)
		}
		carried := 0
		for i := range l.wire.count {
			carried += l.wire.at(i).size
		}
		if l.wire.used != carried+l.waiting.lodged {
			t.Fatalf("the wire uses %d bytes for %d and %d that lodge", l.wire.used, carried, l.waiting.lodged)
		}
	}
	t.Repeat(map[string]func(*rapid.T){
		"send": func(t *rapid.T) {
			l := pick()
			for range rapid.IntRange(1, 20).Draw(t, "burst") {
				l.Send(now, signed(sent, rapid.IntRange(0, 1400).Draw(t, "size")))
				sent++
			}
		},
		"wait": func(t *rapid.T) {
			now += time.Duration(rapid.IntRange(0, 50).Draw(t, "ms")) * time.Millisecond
			receive(pick())
		},
		"change": func(t *rapid.T) {
			p := Profile{
				Rate:             rapid.SampledFrom([]float64{0, 1e5, 1e6, 1e8}).Draw(t, "rate"),
				Discipline:       rapid.SampledFrom([]Discipline{nil, DropHead{}, CoDel{codelTarget, codelInterval}}).Draw(t, "discipline"),
				SharedBottleneck: rapid.Bool().Draw(t, "shared"),
				JitterReorder:    rapid.Bool().Draw(t, "racing"),
				Delay:            rapid.SampledFrom([]time.Duration{0, 80 * time.Millisecond}).Draw(t, "delay"),
				Reorder:          rapid.SampledFrom([]float64{0, 0.5}).Draw(t, "reorder"),
				Loss:             rapid.SampledFrom([]float64{0, 0.5}).Draw(t, "loss"),
				LossAfterQueue:   rapid.Bool().Draw(t, "behind"),
				Queue:            rapid.SampledFrom([]time.Duration{20 * time.Millisecond, 10 * time.Second}).Draw(t, "queue"),
			}
			p.Jitter = p.Delay / 2
			pick().SetProfile(p)
		},
		"script": func(t *rapid.T) {
			l, every := pick(), rapid.Uint64Range(0, 3).Draw(t, "every")
			if every == 0 {
				l.SetScript(nil)
				return
			}
			l.SetScript(func(index uint64, _ int) (Verdict, bool) {
				return Verdict{Copies: 1, Delay: 10 * time.Millisecond}, index%every == 0
			})
		},
		"": func(t *rapid.T) {
			for _, l := range links {
				balance(l)
			}
		},
	})
	now += 24 * time.Hour
	for range 2 { // what one decides in the shared queue, the other takes out
		for _, l := range links {
			receive(l)
		}
	}
	for _, l := range links {
		balance(l)
		if l.charge() != 0 || l.wire.used != 0 || l.waiting.lodged != 0 {
			t.Fatalf("empty, but charged %d, %d in the wire, of them %d lodged", l.charge(), l.wire.used, l.waiting.lodged)
		}
	}
}

// A queue that drops at its head, and sends next to nothing, holds no more
// memory than it has datagrams for.
func TestEvictedPayloadsLeaveNoHole(t *testing.T) {
	for _, delay := range []time.Duration{0, time.Hour} {
		l := NewLink(1, 0, Up, Profile{Rate: 100_000, QueuePackets: 10, Discipline: DropHead{}, Delay: delay})
		payload := make([]byte, 1200) // 96 ms at that rate
		most := 0
		for i := range 20_000 {
			l.Send(time.Duration(i)*100*time.Microsecond, payload)
			most = max(most, l.charge())
		}
		if got := len(l.wire.bytes); got > 4*most {
			t.Errorf("delay %v: the ring is %d bytes, though never more than %d were held", delay, got, most)
		}
		if dropped := l.Stats().Dropped[CauseQueue]; dropped < 19_000 {
			t.Errorf("delay %v: only %d were dropped: the test does not test", delay, dropped)
		}
	}
}
