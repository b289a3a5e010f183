package lossy

import (
	"math/bits"
	"sync"
)

// returned holds the rings of payloads that lines have run empty of, by the
// logarithm of their length, for those that grow next: under load lines run empty
// and fill again many times a second, and to make and clear a ring of many megabytes
// takes longer than to carry what goes into it. What nobody takes is freed by the
// second garbage collection after (sync.Pool), so that a flow that has been busy
// once, and a thousand of them, keep nothing.
//
// Safe for concurrent use.
var returned [bits.UintSize + 1]sync.Pool // of *[]byte

// larger is how many times as long as what is asked for, as a power of two, a
// returned ring may be. Still larger ones would leave the processor's caches.
const larger = 4

// makeRing returns a ring of at least so many bytes, which may hold anything if
// they are more than a line keeps.
func makeRing(size int) []byte {
	if size <= keptBytes {
		return make([]byte, size)
	}
	power := bits.Len(uint(size - 1))
	for p := power; p <= power+larger && p < len(returned); p++ {
		if ring, ok := returned[p].Get().(*[]byte); ok {
			return *ring
		}
	}
	return make([]byte, 1<<power)
}

// giveBack takes a ring that makeRing has made, to which nothing may refer any more.
func giveBack(ring []byte) {
	if len(ring) <= keptBytes {
		return
	}
	returned[bits.Len(uint(len(ring)-1))].Put(&ring)
}
