package reliable

import (
	"math/bits"
	"sync"
	"unsafe"
)

// buffers lend the memory of messages to all connections of the program. There
// is a pool for each power of two, so a message has at most twice its size, or
// smallestBuffer. The largest messages are rare, and what is left over of them
// would be much to keep: their memory is made for them and forgotten.
type buffers struct{}

const (
	smallestBuffer = 64
	largestBuffer  = 1 << 20
	bufferClasses  = 15 // from the smallest to the largest, each twice the one before
)

// bufferPools hold, by class, pointers to the first byte of buffers: a slice
// would have to be allocated to be put there.
var bufferPools [bufferClasses]sync.Pool

// bufferClass is the first class whose buffers hold size bytes.
func bufferClass(size int) int {
	return bits.Len(uint(max(size, smallestBuffer)-1)) - bits.Len(uint(smallestBuffer-1))
}

// Get implements arq.Buffers.
func (buffers) Get(size int) []byte {
	if size > largestBuffer {
		return make([]byte, size)
	}
	class := bufferClass(size)
	whole := smallestBuffer << class
	if first, ok := bufferPools[class].Get().(*byte); ok {
		return unsafe.Slice(first, whole)[:size]
	}
	return make([]byte, size, whole)
}

// Put implements arq.Buffers. It tells the class by the capacity.
func (buffers) Put(b []byte) {
	if whole := cap(b); whole <= largestBuffer {
		bufferPools[bufferClass(whole)].Put(unsafe.SliceData(b))
	}
}
