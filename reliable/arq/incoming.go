package arq

import (
	"time"

	"udplab/proto"
)

// incoming are the peer's messages: being put together in lanes, and waiting
// for the application in channels.
type incoming struct {
	first    uint64         // number of the first message of every lane
	channels []*recvChannel // by number; nil where nothing came
	lanes    []*recvLane    // in the order of their first message
	timed    []*recvLane    // those of proto.ModeDeadline
	granted  uint64         // credit of the connection at first
	window   uint64         // largest window of a channel
	credit   credit         // of the connection
	held     int            // payload bytes kept
	lax      int            // what is kept without credit costs, see keep
	larger   larger         // extends the credit until it is read
	buffers  Buffers        // lend the memory of messages
	spare    []*reassembly  // for messages that will come in parts
	decoders int            // lanes that use repair symbols
	transit  transit        // how long packets take
	granting bool           // the credit of a channel has to be announced
	begun    bool           // a message of a mode with credit is here in parts
}

// recvChannel is a channel as its receiver sees it.
type recvChannel struct {
	number uint8
	credit credit
	ready  ring[Delivery] // of credited modes
	loose  ring[Delivery] // of the others: the oldest are dropped
	bytes  int            // payload bytes in loose
	held   int            // payload bytes kept
	lax    int            // what is kept without credit costs
	serial uint64         // of the delivery that became ready last
	counts recvCounts
	lanes  [modes]*recvLane
}

// Delivery is a message as the application gets it.
type Delivery struct {
	// Data is the caller's. It was lent by Config.Buffers, which take it back from
	// whoever needs it no more.
	Data []byte
	Mode proto.Mode
	Seq  uint64 // number in its lane, as the sender's SendOn returned it
	// Skipped is how many messages of its lane, after the one delivered before,
	// were not delivered: lost, too late, or dropped because the application
	// was slow. 0 for reliable modes.
	Skipped int

	serial uint64 // orders ready and loose
}

// looseLimit bounds the payload bytes of a channel that wait for the
// application without using credit, looseCount their number. What all channels
// keep is bounded in lax.go.
const (
	looseLimit = 1 << 20
	looseCount = 4096
)

// init prepares for a peer that was granted so much, where window is the most
// that a channel may have.
func (q *incoming) init(first, granted, window uint64) {
	q.first, q.granted, q.window = first, granted, window
	q.credit.begin(granted, granted)
}

// channel returns the channel of that number.
func (q *incoming) channel(number uint8) *recvChannel {
	for len(q.channels) <= int(number) {
		q.channels = append(q.channels, nil)
	}
	ch := q.channels[number]
	if ch == nil {
		ch = &recvChannel{number: number}
		begin := firstCredit(number, q.granted)
		ch.credit.begin(begin, begin)
		if number > 0 {
			q.credit.window += begin
			q.credit.limit += begin
			q.credit.pending = true
		}
		q.channels[number] = ch
	}
	return ch
}

// lane returns the lane of a channel and a mode.
func (q *incoming) lane(number uint8, mode proto.Mode) *recvLane {
	ch := q.channel(number)
	if l := ch.lanes[mode]; l != nil {
		return l
	}
	l := &recvLane{
		all: q, channel: ch, mode: mode, index: uint16(len(q.lanes)),
		next: q.first, beyond: q.first, earliest: never,
	}
	ch.lanes[mode] = l
	q.lanes = append(q.lanes, l)
	if mode == proto.ModeDeadline {
		q.timed = append(q.timed, l)
	}
	return l
}

// charge notes that the peer used up credit of a channel and reports whether
// it had it.
func (q *incoming) charge(ch *recvChannel, bytes uint64) bool {
	q.credit.charged += bytes
	ch.credit.charged += bytes
	return q.credit.charged <= q.credit.limit && ch.credit.charged <= ch.credit.limit
}

// deliver has a whole message wait for the application.
func (q *incoming) deliver(l *recvLane, seq uint64, data []byte, skipped int) {
	ch := l.channel
	ch.serial++
	d := Delivery{Data: data, Mode: l.mode, Seq: seq, Skipped: skipped, serial: ch.serial}
	if credited(l.mode) {
		ch.ready.push(d)
		return
	}
	ch.loose.push(d)
	ch.bytes += len(data)
	for ch.bytes > looseLimit && ch.loose.len() > 1 || ch.loose.len() > looseCount {
		q.dropLoose(ch)
	}
}

// dropLoose drops the oldest message that uses no credit: the application is
// too slow for it.
func (q *incoming) dropLoose(ch *recvChannel) {
	d := *ch.loose.at(ch.loose.first())
	ch.loose.popFront(1)
	ch.bytes -= len(d.Data)
	l := ch.lanes[d.Mode]
	l.keep(-len(d.Data), -1)
	l.dropped += 1 + d.Skipped
	l.overrun++
	giveBack(q.buffers, d.Data)
	if d.Mode == proto.ModeDeadline {
		l.late.add(d.Seq, d.Seq+1) // if the sender does not take it for delivered yet, it shall not
	}
}

// take returns the message that became ready first.
func (ch *recvChannel) take() (Delivery, bool) {
	from := &ch.ready
	if ch.loose.len() > 0 && (ch.ready.len() == 0 ||
		ch.loose.at(ch.loose.first()).serial < ch.ready.at(ch.ready.first()).serial) {
		from = &ch.loose
	}
	if from.len() == 0 {
		return Delivery{}, false
	}
	d := *from.at(from.first())
	from.popFront(1)
	return d, true
}

// ReceiveOn returns the next message of a channel. Messages of one lane come in
// the order their mode promises, those of different modes as they got ready.
func (c *Conn) ReceiveOn(now time.Duration, channel uint8) (Delivery, bool) {
	if !c.ReadableOn(channel) {
		return Delivery{}, false
	}
	ch := c.in.channels[channel]
	d, _ := ch.take()
	l := ch.lanes[d.Mode]
	l.keep(-len(d.Data), -1)
	if credited(d.Mode) {
		released := messageCost + uint64(len(d.Data))
		c.in.credit.released += released
		ch.credit.released += released
		c.tookLarger(now, l, &d)
		c.grant(now, ch, 0)
		if c.in.begun {
			c.grantBegun(now)
		}
	} else {
		ch.bytes -= len(d.Data)
		d.Skipped += l.dropped
		l.dropped = 0
	}
	ch.counts.received++
	c.stats.MessagesReceived++
	c.stats.MessageBytesReceived += uint64(len(d.Data))
	c.advance(now)
	return d, true
}

// Receive is ReceiveOn for channel 0, of which it gives the bytes alone.
func (c *Conn) Receive(now time.Duration) ([]byte, bool) {
	d, ok := c.ReceiveOn(now, 0)
	return d.Data, ok
}

// ReadableOn reports whether ReceiveOn has a message.
func (c *Conn) ReadableOn(channel uint8) bool {
	if int(channel) >= len(c.in.channels) || c.in.channels[channel] == nil {
		return false
	}
	ch := c.in.channels[channel]
	return ch.ready.len() > 0 || ch.loose.len() > 0
}

// Readable is ReadableOn for channel 0.
func (c *Conn) Readable() bool { return c.ReadableOn(0) }
