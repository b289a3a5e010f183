package reliable

import (
	"net/netip"
	"sync/atomic"

	"udplab/reliable/internal/udp"
)

// shard is a socket of a listener, with a reader and deadlines of its own. A
// connection belongs to one for good: there it sends and waits for its time.
// Which one its packets come to is up to the system: it is always the same while
// the peer's address is, mostly the connection's own, and right in any case. The
// connections of all shards are in one table.
type shard struct {
	*Listener
	socket   *udp.Socket
	timing   *deadlines
	counters counters
}

// counters are a socket's share of EndpointStats.
type counters struct {
	datagramsReceived, bytesReceived, datagramsSent, bytesSent atomic.Uint64
	notPackets, checksum, malformed, version, sendErrors       atomic.Uint64
}

// write sends packets of size bytes each, the last of which may be smaller. An
// error is counted and otherwise taken for loss: that is what the machinery
// above repairs.
func (s *shard) write(b []byte, size, count int, to netip.AddrPort, mark udp.ECN) {
	sent, err := s.socket.WriteBurst(b, size, to, mark)
	if err != nil {
		s.counters.sendErrors.Add(uint64(count - sent))
		b = b[:min(sent*size, len(b))]
	}
	s.counters.datagramsSent.Add(uint64(sent))
	s.counters.bytesSent.Add(uint64(len(b)))
}

// addTo adds what the shard counted. The rungs are those of the lowest shard.
func (s *shard) addTo(total *EndpointStats) {
	n := &s.counters
	total.DatagramsReceived += n.datagramsReceived.Load()
	total.BytesReceived += n.bytesReceived.Load()
	total.DatagramsSent += n.datagramsSent.Load()
	total.BytesSent += n.bytesSent.Load()
	total.NotPackets += n.notPackets.Load()
	total.ChecksumErrors += n.checksum.Load()
	total.Malformed += n.malformed.Load()
	total.UnknownVersion += n.version.Load()
	total.SendErrors += n.sendErrors.Load()
	total.KernelDrops += s.socket.KernelDrops()
	total.ReceiveBuffer += s.socket.ReceiveBuffer()
	total.SendBuffer += s.socket.SendBuffer()
	ladder := s.socket.Ladder()
	total.SendRung = min(total.SendRung, ladder.Send)
	total.ReceiveRung = min(total.ReceiveRung, ladder.Receive)
	total.Demotions += ladder.Demotions
	total.SendCalls += ladder.SendCalls
	total.ReceiveCalls += ladder.ReceiveCalls
}
