package lossy

import (
	"bytes"
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
