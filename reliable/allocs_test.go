//go:build !race

package reliable

import (
	"fmt"
	"runtime"
	"testing"
)

// The race detector has sync.Pool forget at random, which is no steady state.

// In the steady state a message costs no allocation at either end, from the
// sender's buffer through two sockets to the receiver's, whatever its size.
func TestMessagesCostNoAllocations(t *testing.T) {
	for _, size := range []int{64, 1 << 10, 64 << 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			a, b := connect(t, nil)
			msg, buf := make([]byte, size), make([]byte, 0, size)
			transfer := func() {
				if err := a.Send(t.Context(), msg); err != nil {
					t.Fatal(err)
				}
				got, err := b.AppendReceive(t.Context(), buf)
				if err != nil || len(got) != size || &got[0] != &buf[:1][0] {
					t.Fatalf("%d bytes, %v, want %d in the buffer that was given", len(got), err, size)
				}
			}
			for range 2000 { // pools, windows and rings grow to what is needed
				transfer()
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			allocations := testing.AllocsPerRun(1000, transfer)
			runtime.ReadMemStats(&after)
			t.Logf("%d allocations in 1000 messages, %d bytes", after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc)
			if allocations != 0 {
				t.Errorf("%v allocations a message", allocations)
			}
		})
	}
}
