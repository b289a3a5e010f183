package arq

import "udplab/proto"

// Receipt tells the fate of a message that was sent with tracking.
type Receipt struct {
	Channel     uint8
	Mode        proto.Mode
	Seq         uint64       // as Send returned it
	State       ReceiptState // what is known now
	Retransmits int          // how many frames of it were sent again so far
}

// ReceiptState is what the sender knows of a message. Each but Sent is the last
// word about it.
type ReceiptState uint8

const (
	// Sent: every byte of the message left for the first time.
	Sent ReceiptState = iota
	// Acked: the peer acknowledged every byte. A message of the modes latest
	// and sequenced may still have come after a newer one, and was dropped
	// then.
	Acked
	// Failed: the connection ended first. The peer may have it or not.
	Failed
	// Superseded: a newer message of its lane took its place (latest). The peer
	// may have it or not.
	Superseded
	// Lost: a packet with a part of it was lost, and its mode has nothing sent
	// again (sequenced, unreliable). It may still have come late.
	Lost
	// Skipped: it was not delivered before its deadline, and will not be.
	Skipped
	receiptStates
)

var receiptNames = [receiptStates]string{"sent", "acked", "failed", "superseded", "lost", "skipped"}

func (s ReceiptState) String() string { return receiptNames[s] }

// Receipt returns the next receipt of a tracked message.
func (c *Conn) Receipt() (Receipt, bool) {
	if len(c.receipts) == 0 {
		return Receipt{}, false
	}
	r := c.receipts[0]
	c.receipts = c.receipts[1:]
	return r, true
}

func (c *Conn) receipt(l *sendLane, seq uint64, m *outMessage, s ReceiptState) {
	if !m.tracked {
		return
	}
	c.receipts = append(c.receipts, Receipt{
		Channel: l.channel.number, Mode: l.mode, Seq: seq, State: s, Retransmits: int(m.retransmits),
	})
}
