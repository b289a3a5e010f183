package reliable

import (
	"time"

	"udplab/reliable/arq"
)

// Channel is one of the 256 channels of a connection. Each has its own order,
// its own room for messages that wait to be sent and its own credit for those
// that wait to be received: none waits for another. Nothing is opened or closed:
// both peers know the numbers, as they know ports. All methods are safe for
// concurrent use.
//
// Within a channel each mode is a lane: messages keep the order their mode
// promises among those of the same mode, and Seq counts them there.
//
// A channel that the application never reads keeps what came: of ModeOrdered and
// ModeUnordered as much as a channel begins with (Config.ReceiveWindow), or one
// message if that is larger, and then the peer waits with more; of the other
// modes 1 MiB, of which the oldest are dropped for newer ones. All channels
// together keep of those modes 8 MiB and Config.MaxMessage; beyond that, the
// channel that keeps most drops its oldest. That is all a peer can make this side
// keep on channels nobody expects. A sender whose only traffic is stalled that way
// is told after Config.StallTimeout, by ErrStalled.
type Channel struct {
	conn *Conn
	id   uint8

	// Guarded by conn.mu.
	config        ChannelConfig
	reads, writes waiters
}

// ChannelConfig is how this side sends on a channel. The zero value is every
// channel's default. The peer has its own.
type ChannelConfig struct {
	// Mode, Lifetime and Tracked are what Send and TrySend send messages with,
	// see SendOptions.
	Mode     Mode
	Lifetime time.Duration
	Tracked  bool
	// Priority is strict: while a channel with a larger one has something to
	// send, those with smaller ones wait. Default 0; bulk goes below.
	Priority int8
	// Weight is the share among channels of one priority: of two that always
	// have something to send, the one of weight 2 sends twice as many bytes as
	// the one of weight 1. 0 means 1.
	Weight uint8
}

// Channel returns a channel by its number. It costs a hundred bytes and no
// packet, and is always the same one. Channel 0 is that of Conn.Send and
// Conn.Receive.
func (c *Conn) Channel(id uint8) *Channel {
	if id == 0 {
		return &c.main
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.others) <= int(id) {
		c.others = append(c.others, nil)
	}
	if c.others[id] == nil {
		c.others[id] = &Channel{conn: c, id: id}
	}
	return c.others[id]
}

// ID returns the channel's number.
func (ch *Channel) ID() uint8 { return ch.id }

// Configure sets how this side sends on the channel from now on. Messages that
// wait already keep their mode; priority and weight hold for them, too.
func (ch *Channel) Configure(config ChannelConfig) error {
	if err := config.options().check(); err != nil {
		return err
	}
	ch.conn.mu.Lock()
	defer ch.conn.mu.Unlock()
	ch.config = config
	ch.conn.machine.SetLane(ch.id, arq.Lane{Priority: config.Priority, Weight: config.Weight})
	return nil
}

// Stats returns a snapshot of the channel's counters and gauges. It
// allocates nothing.
func (ch *Channel) Stats() ChannelStats {
	ch.conn.mu.Lock()
	defer ch.conn.mu.Unlock()
	return ch.conn.machine.ChannelStats(ch.id)
}

// options is what Send sends with.
func (ch *Channel) options() SendOptions {
	ch.conn.mu.Lock()
	defer ch.conn.mu.Unlock()
	return ch.config.options()
}

func (c ChannelConfig) options() SendOptions {
	return SendOptions{Mode: c.Mode, Lifetime: c.Lifetime, Tracked: c.Tracked}
}

// wakeWaiters wakes the calls whose condition may have come true, and reports
// whether one of them may read now. conn.mu is held.
func (ch *Channel) wakeWaiters(over bool) (reads bool) {
	m := ch.conn.machine
	if len(ch.reads.list) > 0 && (over || m.ReadableOn(ch.id) || m.PeerFinishedOn(ch.id)) {
		ch.reads.wake()
		reads = true
	}
	if len(ch.writes.list) > 0 && (over || m.CanSendOn(ch.id, ModeOrdered)) {
		ch.writes.wake()
	}
	return reads
}
