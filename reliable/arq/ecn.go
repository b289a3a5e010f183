package arq

import "udplab/proto"

// ECN is the mark of a datagram in its IP header (RFC 3168 section 5).
type ECN uint8

// The four marks, as in the header.
const (
	NotECT ECN = iota // not ECN-capable, or the socket does not tell
	ECT1              // ECN-capable, not used here
	ECT0              // ECN-capable
	CE                // a queue on the way was congested
)

// ecn counts the marks that arrived, and checks what the peer tells about ours
// (SPEC 7.7, RFC 9000 section 13.4).
type ecn struct {
	received proto.ECN // of the peer's packets
	told     proto.ECN // what the peer has told of ours
	frame    proto.ECN // of the packet in hand,
	fresh    bool      // if it has one
	failed   bool      // this path does not carry marks, or the peer does not tell
}

// arrived counts the mark of a packet that came for the first time, and reports
// whether it says that the path is congested.
func (e *ecn) arrived(mark ECN) (congested bool) {
	switch mark {
	case ECT0:
		e.received.ECT0++
	case ECT1:
		e.received.ECT1++
	case CE:
		e.received.CE++
	case NotECT:
	}
	return mark == CE
}

// due reports whether acks travel with an ecn frame: never, as long as no mark
// was seen.
func (e *ecn) due() bool { return e.received != proto.ECN{} }

// restart tries marks on a new path. The counts go on: they are the
// connection's.
func (e *ecn) restart() { e.failed = false }

// ECN returns the mark that datagrams should leave with now. A driver that can
// mark asks after every AppendPacket.
func (c *Conn) ECN() ECN {
	if !c.config.ECN || c.ecn.failed || c.state < Open {
		return NotECT
	}
	return ECT0
}

// congestionMarks takes in the peer's counts, with an ack that newly
// acknowledged so many packets that left with a mark, and returns how many more
// arrived marked as congested. RFC 9000 section 13.4.2.1: "ECN validation
// fails if the corresponding ECN counts are not present", if the counts do not
// grow by what was newly acknowledged, or beyond what was sent.
func (c *Conn) congestionMarks(marked int) int {
	e := &c.ecn
	if !c.config.ECN || e.failed {
		return 0
	}
	if !e.fresh {
		e.failed = marked > 0
		return 0
	}
	got, before := e.frame, e.told
	sent := c.nextNumber - c.firstNumber()
	grown := got.ECT0 - before.ECT0 + got.CE - before.CE
	if got.ECT0 < before.ECT0 || got.CE < before.CE || got.ECT1 > 0 ||
		got.ECT0 > sent || got.CE > sent || grown < uint64(marked) {
		e.failed = true
		return 0
	}
	e.told = got
	c.stats.MarksReported += got.CE - before.CE
	return int(got.CE - before.CE)
}
