package reliable

import (
	"context"
	"fmt"
	"io"
	"time"

	"udplab/reliable/arq"
)

// Message is a message as a channel delivers it.
type Message struct {
	// Data is the caller's.
	Data []byte
	// Mode is what the sender chose.
	Mode Mode
	// Seq is the message's number in its lane, the same as at the sender.
	// Numbers go up by one for each message sent.
	Seq uint64
	// Skipped is how many messages of its lane were not delivered since the one
	// before: lost, superseded, too late, or dropped because this side was slow
	// to read. It is 0 in ModeOrdered and ModeUnordered, and in ModeUnreliable,
	// where order means nothing, it counts those dropped here.
	Skipped int
}

// Receive returns the next message of channel 0, which the caller then owns. It
// waits for it, until ctx ends, or until the connection does: io.EOF when the
// peer closed it in peace and everything was read.
func (c *Conn) Receive(ctx context.Context) ([]byte, error) {
	m, err := c.main.Receive(ctx)
	return m.Data, err
}

// AppendReceive is Receive with the message appended to dst, which is returned as
// it was on an error. It allocates nothing if dst has room, so a loop that reads
// into one buffer leaves the garbage collector nothing to do:
//
//	for {
//		buf, err = c.AppendReceive(ctx, buf[:0])
func (c *Conn) AppendReceive(ctx context.Context, dst []byte) ([]byte, error) {
	m, err := c.main.AppendReceive(ctx, dst)
	return m.Data, err
}

// Receive returns the next message of the channel, which the caller then owns.
// Those of one mode come in the order that mode promises, those of different
// modes as they got ready. It waits for one, until ctx ends, or until the
// connection does: io.EOF when the peer closed it in peace, or finished sending,
// and everything of this channel was read.
func (ch *Channel) Receive(ctx context.Context) (Message, error) {
	c := ch.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ch.awaitReadable(ctx, nil); err != nil {
		return Message{}, err
	}
	d := c.take(ch.id)
	return Message{Data: d.Data, Mode: d.Mode, Seq: d.Seq, Skipped: d.Skipped}, nil
}

// take takes out a message that is there. Most leave nothing to send behind:
// credit is announced by a quarter of the window. c.mu is held.
func (c *Conn) take(channel uint8) arq.Delivery {
	now, state := c.listener.now(), c.machine.State()
	d, _ := c.machine.ReceiveOn(now, channel)
	switch {
	case c.machine.Owes() || c.machine.State() != state:
		c.settle(now)
	case !c.forgotten:
		c.await(state)
	}
	return d
}

// AppendReceive is Receive with Message.Data appended to dst. On an error Data is
// dst. It allocates nothing if dst has room: the memory the message came in is
// used for others.
func (ch *Channel) AppendReceive(ctx context.Context, dst []byte) (Message, error) {
	m, err := ch.Receive(ctx)
	came := m.Data
	m.Data = append(dst, came...)
	if len(came) > 0 {
		buffers{}.Put(came)
	}
	return m, err
}

// awaitReadable waits until the machine has a message of the channel. conn.mu is
// held.
func (ch *Channel) awaitReadable(ctx context.Context, deadline *time.Time) error {
	m := ch.conn.machine
	err := ch.reads.wait(ctx, &ch.conn.mu, deadline, func() bool {
		return m.ReadableOn(ch.id) || m.PeerFinishedOn(ch.id) || m.Err() != nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("reliable: receive: %w", err)
	case m.ReadableOn(ch.id):
		return nil
	case m.PeerFinishedOn(ch.id):
		return io.EOF
	}
	return readError(m.Err())
}
