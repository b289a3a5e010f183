package lossy

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// The line against a slice of copies, through growth, wrapping and running
// empty.
func TestLineIsAQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q line[int]
		type held struct {
			label   int
			payload []byte
		}
		var want []held
		pushed := 0
		size := rapid.OneOf(rapid.Just(0), rapid.IntRange(0, 100), rapid.IntRange(900, 3000))
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				payload := bytes.Repeat([]byte{byte(pushed)}, size.Draw(t, "size"))
				kept := q.push(pushed, payload)
				want = append(want, held{pushed, bytes.Clone(payload)})
				if len(kept) > 0 {
					kept[0] ^= 0xff // the caller may change its copy
					want[len(want)-1].payload[0] ^= 0xff
					payload[0] ^= 0x55 // and reuse its own
				}
				pushed++
			},
			"drop": func(t *rapid.T) {
				if len(want) == 0 {
					t.Skip("empty")
				}
				q.drop()
				want = want[1:]
			},
			"": func(t *rapid.T) {
				charge := 0
				for _, h := range want {
					charge += len(h.payload) + entryBytes
				}
				if q.empty() != (len(want) == 0) || q.charge() != charge {
					t.Fatalf("holds %d datagrams charged %d, want %d and %d", q.count, q.charge(), len(want), charge)
				}
				if len(want) > 0 && (*q.first() != want[0].label || !bytes.Equal(q.payload(), want[0].payload)) {
					t.Fatalf("first is %d %x, want %d %x", *q.first(), q.payload(), want[0].label, want[0].payload)
				}
			},
		})
		for _, h := range want {
			if *q.first() != h.label || !bytes.Equal(q.payload(), h.payload) {
				t.Fatalf("drained %d, want %d", *q.first(), h.label)
			}
			q.drop()
		}
	})
}

// The same through thousands of rings that fill up while they wrap, so that
// payloads meet the oldest one exactly, and by one byte more or less.
func TestLineFillsAndWraps(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for round := range 5000 {
		var q line[int]
		var want [][]byte
		for i := range 60 {
			if len(want) > 0 && r.IntN(5) < 2 {
				if !bytes.Equal(q.payload(), want[0]) {
					t.Fatalf("round %d, step %d: first is %x, want %x", round, i, q.payload(), want[0])
				}
				q.drop()
				want = want[1:]
				continue
			}
			payload := bytes.Repeat([]byte{byte(i + 1)}, r.IntN(300))
			q.push(i, payload)
			want = append(want, payload)
		}
	}
}

func TestLineThatRunsEmptyDoesNotGrow(t *testing.T) {
	var q line[int]
	for i := range 100 {
		q.push(0, make([]byte, firstBytes/2+i))
		q.drop()
	}
	if len(q.bytes) != firstBytes {
		t.Errorf("one datagram at a time made the ring %d bytes long, want %d", len(q.bytes), firstBytes)
	}
}

func TestLineGivesBackALargeRing(t *testing.T) {
	var q line[int]
	for range 20 {
		q.push(0, make([]byte, 100_000))
	}
	for !q.empty() {
		q.drop()
	}
	if len(q.bytes) != 0 {
		t.Errorf("an empty line keeps %d bytes, want it to give back more than %d", len(q.bytes), keptBytes)
	}
	q.push(7, []byte("again"))
	if *q.first() != 7 || string(q.payload()) != "again" {
		t.Errorf("after that it holds %d %q", *q.first(), q.payload())
	}
}
