package sim

import (
	"fmt"
	"hash/crc32"
	"slices"
	"testing"
)

// watchRun writes down what the nodes of a world do and deliver, in order.
// What is damaged, or comes to nobody and may be, is left out: a record counts
// two damaged copies as one.
func watchRun(w *World, seen *[]string) {
	w.Observe = func(o Observation) {
		if o.Kind != Rejected && o.Kind != Astray {
			*seen = append(*seen, fmt.Sprint(o.Kind, o.Node.name, len(o.Datagram), crc32.Checksum(o.Datagram, castagnoli)))
		}
	}
}

// A record holds everything: run again without its seed, each node sends and
// delivers the same bytes in the same order. A run goes on differently only
// where a timer ran out at the very moment of an arrival: the links of the
// record may let that happen in the other order.
func TestRecordGoesTheSameWay(t *testing.T) {
	t.Parallel()
	seeds, exact := uint64(300), uint64(0)
	if testing.Short() || raceEnabled {
		seeds = 50
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		var first, again []string
		r, err := RecordSwarm(seed, func(w *World) { watchRun(w, &first) })
		o := r.replay(func(w *World) { watchRun(w, &again) })
		if err != nil || o.err != nil {
			t.Errorf("seed %d: %v, when run again: %v", seed, err, o.err)
		}
		if slices.Equal(first, again) {
			exact++
		}
	}
	t.Logf("%d of %d runs go the same way", exact, seeds)
	if exact < seeds*3/4 {
		t.Errorf("%d of %d runs go the same way, want three quarters", exact, seeds)
	}
}
