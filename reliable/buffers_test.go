package reliable

import (
	"sync"
	"testing"
)

func TestBuffersFitTheMessage(t *testing.T) {
	for _, size := range []int{1, 20, 64, 65, 255, 256, 257, 1452, 64 << 10, 64<<10 + 1, 1<<20 - 1, 1 << 20, 1<<20 + 1, 5 << 20} {
		for range 3 { // made, and lent again
			b := buffers{}.Get(size)
			most := max(2*size-1, smallestBuffer)
			if len(b) != size || cap(b) > most {
				t.Errorf("%d bytes of capacity %d for %d, want %d at most", len(b), cap(b), size, most)
			}
			clear(b[:cap(b)])
			buffers{}.Put(b)
		}
	}
}

// Who hands a buffer back cut short takes nothing from its class.
func TestBuffersComeBackCutShort(t *testing.T) {
	for range 100 {
		b := buffers{}.Get(1000)
		buffers{}.Put(b[:1])
		if next := (buffers{}).Get(600); cap(next) != 1024 {
			t.Fatalf("capacity %d, want that of the class", cap(next))
		}
	}
}

// Buffers of all connections come from the same pools, whatever goroutine they
// are driven by: no two may have one at a time.
func TestBuffersAreLentOnce(t *testing.T) {
	var running sync.WaitGroup
	for worker := range 4 {
		running.Go(func() {
			for i := range 2000 {
				b := buffers{}.Get(64 << (i % 4))
				for j := range b {
					b[j] = byte(worker)
				}
				for j := range b {
					if b[j] != byte(worker) {
						t.Errorf("byte %d of a buffer changed while it was lent", j)
						return
					}
				}
				buffers{}.Put(b)
			}
		})
	}
	running.Wait()
}

func TestBuffersCostNoAllocations(t *testing.T) {
	if got := testing.AllocsPerRun(1000, func() { buffers{}.Put(buffers{}.Get(1000)) }); got != 0 {
		t.Errorf("%v allocations each time", got)
	}
}

func BenchmarkBuffers(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		buffers{}.Put(buffers{}.Get(64 << 10))
	}
}
