package arq

import "time"

// sendQueue holds the application's messages until every byte of them is
// acknowledged, and knows which bytes go out next: first what was lost, then
// what was never sent.
type sendQueue struct {
	messages ring[outMessage] // index = message sequence number
	bytes    int              // payload bytes of messages not yet wholly acknowledged
	unacked  int              // messages not yet wholly acknowledged

	nextSeq    uint64 // first message not wholly sent
	nextOffset uint64 // first byte of it not sent

	repair   []repair // lost, in the order it was noticed
	repaired int      // repair[:repaired] is done

	charged uint64 // flow-control credit used (SPEC 6.1)
	credit  uint64 // what the peer granted
}

// outMessage is a message on its way.
type outMessage struct {
	data        []byte
	acked       spans // acknowledged bytes, while only a part of them is
	done        bool  // every byte acknowledged
	tracked     bool  // the application wants receipts
	retransmits uint32
}

// repair is a part of a message that has to be sent again.
type repair struct {
	seq    uint64
	lo, hi uint64
	reason repairReason
	copy   bool // of a repair that just left
}

// repairReason is why something is sent again.
type repairReason uint8

const (
	noRepair        repairReason = iota // it is sent for the first time
	repairThreshold                     // later packets were acknowledged
	repairTime                          // outstanding for too long
	repairProbe                         // silence
)

// enqueue takes over data as the next message.
func (q *sendQueue) enqueue(data []byte, tracked bool) uint64 {
	seq := q.messages.push(outMessage{data: data, tracked: tracked})
	q.bytes += len(data)
	q.unacked++
	return seq
}

// hasNew reports whether a message waits that was never wholly sent.
func (q *sendQueue) hasNew() bool { return q.nextSeq != q.messages.end() }

// hasRepair reports whether something lost waits to be sent again.
func (q *sendQueue) hasRepair() bool {
	for q.repaired < len(q.repair) {
		r := &q.repair[q.repaired]
		if q.needs(r) {
			return true
		}
		q.repaired++
	}
	q.repair, q.repaired = q.repair[:0], 0
	return false
}

// needs reports whether any byte of r is still unacknowledged, and narrows r
// to start there.
func (q *sendQueue) needs(r *repair) bool {
	if !q.messages.has(r.seq) || q.messages.at(r.seq).done {
		return false
	}
	m := q.messages.at(r.seq)
	if len(m.acked) == 0 {
		return true
	}
	needed := false
	m.acked.missing(r.lo, r.hi, func(lo, hi uint64) {
		if !needed {
			r.lo, needed = lo, true
		}
	})
	return needed
}

// flowBlocked reports whether only missing credit keeps new data back.
func (q *sendQueue) flowBlocked() bool { return q.hasNew() && q.available() == 0 }

// available is how many payload bytes of the next message the credit lets go;
// for an empty message 1 stands for "it may go".
func (q *sendQueue) available() uint64 {
	need := uint64(0)
	if q.nextOffset == 0 {
		need = messageCost
	}
	if q.charged+need > q.credit {
		return 0
	}
	left := q.credit - q.charged - need
	if len(q.messages.at(q.nextSeq).data) == 0 {
		return 1
	}
	return left
}

// took records that bytes of the next message up to offset hi left for the
// first time, and reports whether that was the last of it.
func (q *sendQueue) took(hi uint64) (whole bool) {
	if q.nextOffset == 0 {
		q.charged += messageCost
	}
	q.charged += hi - q.nextOffset
	q.nextOffset = hi
	if hi < uint64(len(q.messages.at(q.nextSeq).data)) {
		return false
	}
	q.nextSeq++
	q.nextOffset = 0
	return true
}

// lost queues the unacknowledged bytes of a piece to be sent again, and
// reports whether there were any.
func (q *sendQueue) lost(p *piece, reason repairReason) bool {
	if p.copied {
		return false
	}
	r := repair{seq: p.seq, lo: p.lo, hi: p.hi, reason: reason}
	if !q.needs(&r) {
		return false
	}
	q.repair = append(q.repair, r)
	return true
}

// ackedPiece records a piece as acknowledged. It reports whether that
// completed its message.
func (q *sendQueue) ackedPiece(p *piece) (completed bool) {
	if !q.messages.has(p.seq) {
		return false
	}
	m := q.messages.at(p.seq)
	if m.done {
		return false
	}
	size := uint64(len(m.data))
	if p.lo > 0 || p.hi < size {
		m.acked.add(p.lo, p.hi)
		if len(m.acked) != 1 || m.acked[0] != (span{0, size}) {
			return false
		}
	}
	m.done = true
	q.bytes -= len(m.data)
	q.unacked--
	m.data, m.acked = nil, nil
	return true
}

// release forgets the acknowledged messages at the front.
func (q *sendQueue) release() {
	for q.messages.len() > 0 && q.messages.at(q.messages.first()).done {
		q.messages.popFront(1)
	}
}

// Receipt tells the fate of a message that was sent with tracking.
type Receipt struct {
	Seq         uint64       // as Send returned it
	State       ReceiptState // what is known now
	Retransmits int          // how many frames of it were sent again so far
}

// ReceiptState is what the sender knows of a message.
type ReceiptState uint8

const (
	// Sent: every byte of the message left for the first time.
	Sent ReceiptState = iota
	// Acked: the peer acknowledged every byte.
	Acked
	// Failed: the connection ended first. The peer may have it or not.
	Failed
)

func (s ReceiptState) String() string {
	switch s {
	case Sent:
		return "sent"
	case Acked:
		return "acked"
	case Failed:
		return "failed"
	}
	panic("BUG: receipt state")
}

// Send queues a copy of msg. It returns the message's sequence number. The
// error is ErrTooLarge, or the reason why the connection takes nothing more.
// Callers that keep memory bounded ask CanSend first: Send itself never says
// that the buffer is full, so that a message larger than the buffer can go.
func (c *Conn) Send(now time.Duration, msg []byte, tracked bool) (uint64, error) {
	if err := c.sendError(); err != nil {
		return 0, err
	}
	if len(msg) > c.config.MaxMessage {
		return 0, ErrTooLarge
	}
	seq := c.out.enqueue(append([]byte(nil), msg...), tracked)
	c.stats.MessagesSent++
	c.stats.MessageBytesSent += uint64(len(msg))
	c.advance(now)
	return seq, nil
}

// CanSend reports whether the send buffer has room for another message.
func (c *Conn) CanSend() bool { return c.out.bytes < c.config.SendBuffer }

// Receipt returns the next receipt of a tracked message.
func (c *Conn) Receipt() (Receipt, bool) {
	if len(c.receipts) == 0 {
		return Receipt{}, false
	}
	r := c.receipts[0]
	c.receipts = c.receipts[1:]
	return r, true
}

func (c *Conn) receipt(seq uint64, m *outMessage, s ReceiptState) {
	if m.tracked {
		c.receipts = append(c.receipts, Receipt{Seq: seq, State: s, Retransmits: int(m.retransmits)})
	}
}
