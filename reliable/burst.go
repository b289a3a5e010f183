package reliable

import (
	"net/netip"
	"sync"

	"udplab/reliable/internal/udp"
)

// burst gathers packets that can leave with one call to the system: to one
// address, with one mark, all of one size but for a last one that may be
// smaller. A traversal of the kernel costs twenty times what a packet in a
// burst does, and making packets one behind the other costs nothing.
type burst struct {
	bytes []byte // the packets, one behind the other
	size  int    // of each of them; 0: there is none
	count int
	to    netip.AddrPort
	mark  udp.ECN
}

// socketWriter is what a burst leaves through: a shard.
type socketWriter interface {
	write(b []byte, size, count int, to netip.AddrPort, mark udp.ECN)
}

// bursts are not a connection's own: most connections are idle.
var bursts = sync.Pool{New: func() any { return &burst{bytes: make([]byte, 0, udp.MaxDatagram)} }}

// room is where the next packet is appended.
func (b *burst) room() []byte { return b.bytes }

// add takes in that a packet was appended to room, and sends what can't wait
// for more: a full burst, or one that the packet does not fit.
func (b *burst) add(w socketWriter, bytes []byte, to netip.AddrPort, mark udp.ECN) {
	held := len(b.bytes)
	size := len(bytes) - held
	if b.count > 0 && (size > b.size || to != b.to || mark != b.mark) {
		b.flush(w)
		// It stays in the same memory: what was before it has left.
		bytes = bytes[:copy(bytes, bytes[held:])]
	}
	b.bytes = bytes
	if b.count == 0 {
		b.size, b.to, b.mark = size, to, mark
	}
	b.count++
	if size < b.size || b.count == udp.MaxSegments || len(b.bytes)+b.size > udp.MaxBurst {
		b.flush(w)
	}
}

// flush sends what there is.
func (b *burst) flush(w socketWriter) {
	if b.count > 0 {
		w.write(b.bytes, b.size, b.count, b.to, b.mark)
	}
	b.bytes, b.count, b.size = b.bytes[:0], 0, 0
}
