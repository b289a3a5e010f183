package proxy

import (
	"time"

	"udplab/lossy"
)

// burst collects datagrams of one lane that leave at the same moment. Their
// bytes lie one behind the other, as the kernel wants those that it takes in
// one piece. A burst belongs to the goroutine that fills it.
type burst struct {
	way   outlet // where they all go
	bytes []byte
	ends  []int           // where in bytes each datagram ends
	dues  []time.Duration // when each was due
	marks []lossy.ECN     // what each bears, as far as the system can send it
	out   outgoing        // what the system needs to send them

	control []byte // the same of one datagram, see portableAnswer
}

const (
	// maxDatagram is the size of receive buffers: more than any UDP payload, so
	// that nothing is ever cut (65,507 bytes over IPv4, 65,527 over IPv6).
	maxDatagram = 1 << 16

	// A burst leaves when it holds this much. It is what Linux takes at a time
	// as segments of one super-packet, which is where batching pays.
	burstDatagrams = 64
	burstBytes     = 65_000
)

func newBurst() *burst {
	return &burst{
		// The last datagram may begin just below burstBytes.
		bytes: make([]byte, 0, burstBytes+maxDatagram),
		ends:  make([]int, 0, burstDatagrams),
		dues:  make([]time.Duration, 0, burstDatagrams),
		marks: make([]lossy.ECN, 0, burstDatagrams),
	}
}

func (b *burst) count() int { return len(b.ends) }

// start is where in bytes the i-th datagram begins.
func (b *burst) start(i int) int {
	if i == 0 {
		return 0
	}
	return b.ends[i-1]
}

func (b *burst) size(i int) int { return b.ends[i] - b.start(i) }

func (b *burst) datagram(i int) []byte { return b.bytes[b.start(i):b.ends[i]] }

// added notes that a datagram was appended to bytes, and says whether the
// burst is full: no room for another like it.
func (b *burst) added(due time.Duration, mark lossy.ECN) (full bool) {
	b.ends = append(b.ends, len(b.bytes))
	b.dues = append(b.dues, due)
	b.marks = append(b.marks, mark)
	return len(b.ends) == burstDatagrams || len(b.bytes)+b.size(len(b.ends)-1) > burstBytes
}

func (b *burst) reset() {
	b.way = nil
	b.bytes, b.ends, b.dues, b.marks = b.bytes[:0], b.ends[:0], b.dues[:0], b.marks[:0]
}
