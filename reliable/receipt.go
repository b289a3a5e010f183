package reliable

import (
	"context"
	"fmt"

	"udplab/reliable/arq"
)

type (
	// Receipt tells the fate of a message that was sent tracked.
	Receipt = arq.Receipt
	// ReceiptState is what the sender knows of a message.
	ReceiptState = arq.ReceiptState
)

// The values of ReceiptState. A message is Sent first, unless it was given up
// before it left; each of the others is the last word about it.
const (
	Sent       = arq.Sent       // every byte left for the first time
	Acked      = arq.Acked      // the peer acknowledged every byte
	Failed     = arq.Failed     // the connection ended first; the peer may have it or not
	Superseded = arq.Superseded // ModeLatest: a newer one took its place; the peer may have it or not
	Lost       = arq.Lost       // ModeSequenced, ModeUnreliable: lost with a packet, though it may still come late
	Skipped    = arq.Skipped    // ModeDeadline: it was not delivered in time, and will not be
)

// Receipt returns the next thing learnt of a tracked message, of whichever
// channel. It waits for it, until ctx ends, or until the connection ended and
// everything was told. Receipts are kept until they are taken.
func (c *Conn) Receipt(ctx context.Context) (Receipt, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var r Receipt
	told := false
	err := c.receipts.wait(ctx, &c.mu, nil, func() bool {
		r, told = c.machine.Receipt()
		return told || c.machine.State() >= arq.Closing
	})
	if err != nil {
		return Receipt{}, fmt.Errorf("reliable: receipt: %w", err)
	}
	if !told {
		return Receipt{}, public(c.machine.Err())
	}
	return r, nil
}
