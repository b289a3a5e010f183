package lossy

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A script that decides about some packets leaves the others to the link, queue
// and all, and neither kind loses a byte to the other.
func TestScriptBesideAQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Profile{Rate: 4e6, QueuePackets: 5, Delay: time.Millisecond, Duplicate: 0.3, Reorder: 0.2}
		p.Discipline = rapid.SampledFrom([]Discipline{nil, DropHead{}, CoDel{Target: time.Millisecond, Interval: 5 * time.Millisecond}}).Draw(t, "discipline")
		l := NewLink(rapid.Uint64().Draw(t, "seed"), 0, Up, p)
		decided := rapid.SliceOfN(rapid.SampledFrom([]int{0, 0, 1, 2, 3}), 60, 60).Draw(t, "decided")
		l.SetScript(func(index uint64, size int) (Verdict, bool) {
			switch decided[index] {
			case 1:
				return Verdict{Drop: CauseLoss}, true
			case 2:
				return Verdict{Copies: 2, Wait: 300 * time.Microsecond, Delay: time.Millisecond, By: 1}, true
			case 3:
				return Verdict{Copies: 1, Racing: true}, true
			}
			return Verdict{}, false
		})
		payload := func(index uint64) []byte {
			return bytes.Repeat([]byte{byte(index), byte(index >> 1)}, 1+int(index*53%600))
		}
		told := 0
		l.SetTrace(func(_ time.Duration, size int, v Verdict) {
			told++
			if script := decided[v.Index]; script == 1 && v.Drop != CauseLoss || script > 1 && v.Drop != CauseNone {
				t.Fatalf("index %d: %v, and the script said otherwise (%d)", v.Index, v, script)
			}
			if size != len(payload(v.Index)) {
				t.Fatalf("index %d: told of %d bytes, want %d", v.Index, size, len(payload(v.Index)))
			}
		})
		came := make(map[uint64]int)
		receive := func(now time.Duration) {
			for {
				b, some := l.Receive(now, nil)
				if !some {
					return
				}
				index, copy := l.Origin()
				came[index]++
				if !bytes.Equal(b, payload(index)) || copy > 1 {
					t.Fatalf("what came out is not copy %d of packet %d", copy, index)
				}
			}
		}
		for i := range decided {
			now := time.Duration(i) * 400 * time.Microsecond
			receive(now)
			l.Send(now, payload(uint64(i)))
		}
		receive(time.Hour)
		for i, script := range decided {
			if want := []int{-1, 0, 2, 1}[script]; want >= 0 && came[uint64(i)] != want {
				t.Fatalf("index %d came out %d times, want %d", i, came[uint64(i)], want)
			}
		}
		if s := l.Stats(); told != len(decided) || s.PacketsIn+s.Duplicated != s.PacketsOut+s.Drops() || s.PacketsInFlight != 0 {
			t.Fatalf("told of %d verdicts, %+v", told, s)
		}
	})
}
