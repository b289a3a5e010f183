package reliable

import (
	"context"
	"fmt"
	"time"

	"udplab/reliable/arq"
)

// Send queues a copy of msg for delivery: exactly once, in order. It waits
// while the send buffer is full, until ctx ends, or until the connection does.
// An error means that msg was not queued; nil does not mean that it arrived,
// see SendTracked and Close.
func (c *Conn) Send(ctx context.Context, msg []byte) error {
	_, err := c.main.send(ctx, msg, SendOptions{}, nil)
	return err
}

// SendTracked is Send for a message whose fate Receipt tells. It returns the
// number the receipts carry.
func (c *Conn) SendTracked(ctx context.Context, msg []byte) (seq uint64, err error) {
	return c.main.send(ctx, msg, SendOptions{Tracked: true}, nil)
}

// Send queues a copy of msg for delivery as the channel is configured. It waits
// while the channel's send buffer is full, until ctx ends, or until the
// connection does. An error means that msg was not queued; nil does not mean
// that it arrived, see Conn.Receipt.
func (ch *Channel) Send(ctx context.Context, msg []byte) error {
	_, err := ch.send(ctx, msg, ch.options(), nil)
	return err
}

// SendWith is Send with other options than the channel's. It returns the
// message's number in its lane, which its receipts carry and which the peer sees
// as Message.Seq.
func (ch *Channel) SendWith(ctx context.Context, msg []byte, o SendOptions) (seq uint64, err error) {
	if err := o.check(); err != nil {
		return 0, err
	}
	return ch.send(ctx, msg, o, nil)
}

// TrySend is Send for callers that can't wait, the loop of a game say: instead
// of waiting it returns ErrWouldBlock. In ModeLatest there always is room.
func (ch *Channel) TrySend(msg []byte) error {
	_, err := ch.trySend(msg, ch.options())
	return err
}

// TrySendWith is TrySend with other options than the channel's. It returns the
// same number as SendWith.
func (ch *Channel) TrySendWith(msg []byte, o SendOptions) (seq uint64, err error) {
	if err := o.check(); err != nil {
		return 0, err
	}
	return ch.trySend(msg, o)
}

func (ch *Channel) send(ctx context.Context, msg []byte, o SendOptions, deadline *time.Time) (uint64, error) {
	c := ch.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.listener.now()
	err := ch.writes.wait(ctx, &c.mu, deadline, func() bool { return ch.takes(o) })
	if err != nil {
		return 0, fmt.Errorf("reliable: send: %w", err)
	}
	o.Lifetime = max(o.Lifetime-(c.listener.now()-asked), 1)
	return ch.queue(msg, o)
}

func (ch *Channel) trySend(msg []byte, o SendOptions) (uint64, error) {
	ch.conn.mu.Lock()
	defer ch.conn.mu.Unlock()
	if !ch.takes(o) {
		return 0, ErrWouldBlock
	}
	return ch.queue(msg, o)
}

// takes reports whether the machine takes another message or refuses it for
// good. conn.mu is held.
func (ch *Channel) takes(o SendOptions) bool {
	m := ch.conn.machine
	return m.CanSendOn(ch.id, o.Mode) || m.State() >= arq.Draining
}

// queue gives the machine a message. conn.mu is held.
func (ch *Channel) queue(msg []byte, o SendOptions) (uint64, error) {
	c := ch.conn
	now := c.listener.now()
	seq, err := c.machine.SendOn(now, arq.SendOptions{
		Channel: ch.id, Mode: o.Mode, Lifetime: o.Lifetime, Tracked: o.Tracked,
	}, msg)
	if err != nil {
		return 0, public(err)
	}
	c.settle(now)
	return seq, nil
}
