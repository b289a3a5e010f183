package lossy

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The race against a slice that is sorted anew for every look at it.
func TestRaceComesOutInTheOrderOfTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r race
		type held struct {
			passage
			payload []byte
		}
		var want []held
		var pushed uint64
		size := rapid.OneOf(rapid.Just(0), rapid.IntRange(0, 100), rapid.IntRange(900, 3000))
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				for range rapid.IntRange(1, 5).Draw(t, "burst") {
					payload := bytes.Repeat([]byte{byte(pushed)}, size.Draw(t, "size"))
					p := passage{time.Duration(rapid.IntRange(0, 50).Draw(t, "due")), pushed, outside{tag: pushed * 7}}
					kept := r.push(p, payload)
					want = append(want, held{p, bytes.Clone(payload)})
					if len(kept) > 0 {
						kept[0] ^= 0xff // the caller may change its copy
						want[len(want)-1].payload[0] ^= 0xff
					}
					pushed++
				}
			},
			"drop": func(t *rapid.T) {
				if len(want) == 0 {
					t.Skip("empty")
				}
				r.drop()
				want = want[1:]
			},
			"": func(t *rapid.T) {
				slices.SortStableFunc(want, func(a, b held) int { return int(a.due - b.due) })
				bytesHeld := 0
				for _, h := range want {
					bytesHeld += len(h.payload)
				}
				if r.count != len(want) || r.used != bytesHeld || r.empty() != (len(want) == 0) {
					t.Fatalf("holds %d datagrams of %d bytes, want %d of %d", r.count, r.used, len(want), bytesHeld)
				}
				if least := bytesHeld + entryBytes*len(want); r.charge() < least {
					t.Fatalf("charged %d for at least %d", r.charge(), least)
				}
				if len(want) > 0 && (*r.label() != want[0].passage || !bytes.Equal(r.payload(), want[0].payload)) {
					t.Fatalf("first is %v %x, want %v %x", *r.label(), r.payload(), want[0].passage, want[0].payload)
				}
			},
		})
	})
}

// What overtook leaves nothing behind once the oldest is out, and an empty race
// holds no memory to speak of.
func TestRaceGivesItsMemoryBack(t *testing.T) {
	var r race
	const n = 200_000
	for i := range uint64(n) {
		r.push(passage{time.Duration(n - i), i, outside{}}, make([]byte, 10)) // the oldest comes out last
	}
	for range n - 1 {
		r.drop()
	}
	if got, want := r.charge(), n*(10+entryBytes); got != want {
		t.Errorf("charged %d while the oldest is there, want %d: its bytes lie before all others", got, want)
	}
	r.drop()
	if r.charge() != 0 || len(r.line.bytes) != 0 || cap(r.heap) != 0 {
		t.Errorf("empty, and charged %d with %d bytes and room for %d", r.charge(), len(r.line.bytes), cap(r.heap))
	}
}
