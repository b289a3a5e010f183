package arq

import (
	"bytes"
	"runtime"
	"testing"

	"pgregory.net/rapid"

	"udplab/reliable/internal/poison"
)

// TestReassemblyAgainstBytes holds reassembly to an array of bytes and an
// array of booleans, whatever fragments come in whatever order.
func TestReassemblyAgainstBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(0, 200).Draw(t, "size")
		want := message(1, size)
		have := make([]bool, size)
		r := &reassembly{size: uint64(size)}
		var lends poison.Buffers
		for range rapid.IntRange(0, 60).Draw(t, "fragments") {
			if size == 0 {
				break
			}
			lo := rapid.IntRange(0, size-1).Draw(t, "lo")
			hi := rapid.IntRange(lo+1, size).Draw(t, "hi")
			added := uint64(0)
			for i := lo; i < hi; i++ {
				if !have[i] {
					have[i] = true
					added++
				}
			}
			fragment := append([]byte(nil), want[lo:hi]...)
			if got := r.add(&lends, uint64(lo), fragment); got != added {
				t.Fatalf("[%d,%d) added %d bytes, want %d", lo, hi, got, added)
			}
			clear(fragment) // nothing of the datagram may be kept
			checkReassembly(t, r, want, have)
		}
		r.giveBack(&lends)
		if n := lends.Lent(); n > 0 {
			t.Fatalf("%d buffers are still lent", n)
		}
	})
}

func checkReassembly(t *rapid.T, r *reassembly, want []byte, have []bool) {
	received, start := uint64(0), 0
	for _, h := range have {
		if h {
			received++
		}
	}
	for start < len(have) && have[start] {
		start++
	}
	if r.received != received || !bytes.Equal(r.start, want[:start]) || r.complete() != (start == len(want)) {
		t.Fatalf("received %d, start %d bytes, complete %v; want %d and %d", r.received, len(r.start), r.complete(), received, start)
	}
	at := uint64(start)
	for i := range r.ahead {
		c := &r.ahead[i]
		if c.lo < at || i == 0 && c.lo == at || len(c.data) == 0 || !bytes.Equal(c.data, want[c.lo:c.end()]) {
			t.Fatalf("chunk %d at %d is wrong", i, c.lo)
		}
		at = c.end()
	}
}

// One lost fragment and any number behind it are one gap, not many: a fast
// path may have megabytes in flight behind a loss.
func TestOneGapIsOneGap(t *testing.T) {
	const fragment = 1000
	r := &reassembly{size: 3 * maxGaps * fragment}
	data := make([]byte, fragment)
	for i := 1; i < 3*maxGaps; i++ {
		r.add(fresh{}, uint64(i*fragment), data)
	}
	if got := len(r.ahead); got != 1 {
		t.Errorf("%d chunks behind one gap", got)
	}
	r.add(fresh{}, 0, data)
	if !r.complete() {
		t.Error("the message is not complete")
	}
}

// Memory follows what was received and never what a fragment claims.
func TestReassemblyMemoryFollowsTheBytesReceived(t *testing.T) {
	for _, c := range []struct {
		name  string
		size  uint64
		place func(i uint64) uint64
	}{
		{"in order", 16 << 20, func(i uint64) uint64 { return i * 1000 }},
		{"behind one gap", 16 << 20, func(i uint64) uint64 { return (i + 1) * 1000 }},
		{"behind many gaps", 16 << 20, func(i uint64) uint64 { return (2*i + 1) * 1000 }},
		{"from the end", 16 << 20, func(i uint64) uint64 { return 16<<20 - (i+1)*1000 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := make([]byte, 1000)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			r := &reassembly{size: c.size}
			for i := range uint64(1000) {
				r.add(fresh{}, c.place(i), data)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			held := int64(after.HeapAlloc) - int64(before.HeapAlloc)
			if limit := int64(4*r.received + 64<<10); held > limit {
				t.Errorf("%d bytes held for %d received", held, r.received)
			}
			runtime.KeepAlive(r)
		})
	}
}
