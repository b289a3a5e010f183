package arq

import (
	"time"

	"udplab/proto"
)

// sendLane holds the messages of one mode of one channel until their fate is
// known, and knows which bytes go out next: first what was lost, then what was
// never sent.
type sendLane struct {
	all     *outgoing
	channel *sendChannel
	mode    proto.Mode
	index   uint16 // in all.lanes

	messages ring[outMessage] // index = message number
	open     int              // messages whose fate is open

	nextSeq    uint64 // first message not wholly sent
	nextOffset uint64 // first byte of it not sent

	repair   []repair // lost, in the order it was noticed
	repaired int      // repair[:repaired] is done

	waits bool   // it is in all.waiting
	turn  uint64 // virtual time of weighted fair queueing: bytes sent by weight

	code coder // of modes with credit

	// Of proto.ModeDeadline:
	alive uint64 // first message that may not have expired
	skip  report // messages the peer must not wait for
}

// outMessage is a message on its way.
type outMessage struct {
	data        []byte        // lent by Config.Buffers; nil once its fate is known, if no repair symbol needs it
	acked       spans         // acknowledged bytes, while only a part of them is
	expires     time.Duration // when it is of no use any more; 0 = never
	retransmits uint32
	whole       uint64 // piece that carried it whole for the first time
	flying      uint16 // packets on their way that carry it whole
	covered     bool   // the packet that carried it first is lost, a copy is on its way
	done        bool   // its fate is known
	expired     bool   // it is not sent any more, and may have arrived
	here        bool   // of proto.ModeDeadline: the peer has it, or knows it is skipped; its turn may not have come
	tracked     bool   // the application wants receipts
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
func (l *sendLane) enqueue(m outMessage) uint64 {
	l.all.bytes += len(m.data)
	l.all.open++
	l.open++
	l.takeRoom(len(m.data))
	seq := l.messages.push(m)
	l.all.wait(l)
	return seq
}

// hasNew reports whether a message waits that was never wholly sent.
func (l *sendLane) hasNew() bool {
	for l.nextSeq != l.messages.end() && !l.wanted(l.messages.at(l.nextSeq)) {
		l.nextSeq++
		l.nextOffset = 0
	}
	return l.nextSeq != l.messages.end()
}

// wanted reports whether the message is still to be sent.
func (l *sendLane) wanted(m *outMessage) bool { return !m.done && !m.expired && !m.here }

// hasRepair reports whether something of the lane waits to be sent again.
func (l *sendLane) hasRepair() bool {
	if len(l.repair) == 0 {
		return false
	}
	for l.repaired < len(l.repair) {
		r := &l.repair[l.repaired]
		if l.needs(r) {
			return true
		}
		l.repaired++
	}
	l.repair, l.repaired = l.repair[:0], 0
	return false
}

// needs reports whether any byte of r is still to be sent, and narrows r to
// start there.
func (l *sendLane) needs(r *repair) bool {
	if !l.messages.has(r.seq) || !l.wanted(l.messages.at(r.seq)) {
		return false
	}
	m := l.messages.at(r.seq)
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

// upcoming is how many bytes the next piece of the lane has at most.
func (l *sendLane) upcoming() int {
	if l.hasRepair() {
		r := &l.repair[l.repaired]
		return int(r.hi - r.lo)
	}
	return len(l.messages.at(l.nextSeq).data) - int(l.nextOffset)
}

// available is how many payload bytes of the next message the credit lets go;
// for an empty message 1 stands for "it may go". A message is begun only if
// credit covers the whole of it, which it then uses up, so that begun messages
// never wait for each other; one at a time is free to begin without (SPEC 6.1).
func (l *sendLane) available() uint64 {
	size := uint64(len(l.messages.at(l.nextSeq).data))
	left := l.credit()
	switch {
	case !credited(l.mode) || l.nextOffset == 0 && left >= messageCost+size:
		return max(size-l.nextOffset, 1)
	case l.nextOffset > 0 && l.all.free != l:
		return size - l.nextOffset
	case l.nextOffset > 0:
		return left
	case l.all.free != nil || left <= messageCost:
		return 0
	}
	return left - messageCost
}

// credit is how much of it is left for the lane.
func (l *sendLane) credit() uint64 { return l.all.creditLeft(l.channel) }

// crumb is how few bytes of a message are not worth a packet of their own.
const crumb = 512

// awaitsCredit reports whether the next message has to wait for credit: there
// is none, or only for a crumb of it, unless crumbs may go, while an answer is
// on its way that may bring more (silly window syndrome, RFC 1122 section
// 4.2.3.4).
func (l *sendLane) awaitsCredit(crumbs bool) bool {
	credit := l.available()
	left := uint64(len(l.messages.at(l.nextSeq).data)) - l.nextOffset
	return credit == 0 || credit < min(left, crumb) && !crumbs
}

// took records that bytes of the next message up to offset hi left for the
// first time, and reports whether that was the last of it.
func (l *sendLane) took(hi uint64) (whole bool) {
	size := uint64(len(l.messages.at(l.nextSeq).data))
	if credited(l.mode) {
		begins, charge := l.nextOffset == 0, uint64(0)
		switch {
		case begins && l.credit() >= messageCost+size:
			charge = messageCost + size
		case begins:
			l.all.free = l
			charge = messageCost + hi
		case l.all.free == l:
			charge = hi - l.nextOffset
		}
		l.all.charged += charge
		l.channel.charged += charge
	}
	l.nextOffset = hi
	if hi < size {
		return false
	}
	if l.all.free == l {
		l.all.free = nil
	}
	l.nextSeq++
	l.nextOffset = 0
	return true
}

// lost queues the unacknowledged bytes of a piece to be sent again, and
// reports whether there were any.
func (l *sendLane) lost(p *piece, reason repairReason) bool {
	if reason != repairProbe && l.covers(p) || p.copied || !repairable(l.mode) {
		return false
	}
	r := repair{seq: p.seq, lo: p.lo, hi: p.hi, reason: reason}
	if !l.needs(&r) {
		return false
	}
	l.repair = append(l.repair, r)
	l.all.wait(l)
	return true
}

// covers takes in that the packet of a piece is lost, and reports whether
// another on its way carries the same message.
func (l *sendLane) covers(p *piece) bool {
	if !l.messages.has(p.seq) {
		return false
	}
	m := l.messages.at(p.seq)
	if m.done || !p.whole(uint64(len(m.data))) {
		return false
	}
	m.flying--
	m.covered = m.covered || p.first && m.flying > 0
	return m.flying > 0
}

// acked records a piece as acknowledged. It returns its message if that was
// what was missing of it.
func (l *sendLane) acked(p *piece) (whole bool) {
	if !l.messages.has(p.seq) || l.messages.at(p.seq).done || l.messages.at(p.seq).here {
		return false
	}
	m := l.messages.at(p.seq)
	size := uint64(len(m.data))
	if p.lo > 0 || p.hi < size {
		if m.acked == nil {
			m.acked = l.all.spare.take()
		}
		m.acked.add(p.lo, p.hi)
		if len(m.acked) != 1 || m.acked[0] != (span{0, size}) {
			return false
		}
	}
	return true
}

// settle notes that the fate of a message is known, and forgets the messages
// at the front of which that is so.
func (l *sendLane) settle(seq uint64) {
	m := l.messages.at(seq)
	m.done = true
	l.all.bytes -= len(m.data)
	l.all.open--
	l.open--
	l.giveRoom(len(m.data))
	l.all.spare.put(m.acked)
	m.acked = nil
	if !l.code.covers(seq) {
		giveBack(l.all.buffers, m.data)
		m.data = nil
	}
	l.hasNew() // moves on over what is done, which may go now
	for l.messages.len() > 0 && l.messages.at(l.messages.first()).done {
		l.code.forget(l.messages.first())
		giveBack(l.all.buffers, l.messages.at(l.messages.first()).data)
		l.messages.popFront(1)
	}
}

// SendOn queues a copy of msg as the options say. It returns the message's
// number in its lane. The error is ErrTooLarge, or the reason why the
// connection takes nothing more. Callers that keep memory bounded ask CanSendOn
// first: SendOn itself never says that the buffer is full, so that a message
// larger than the buffer can go.
func (c *Conn) SendOn(now time.Duration, o SendOptions, msg []byte) (uint64, error) {
	if err := c.sendError(); err != nil {
		return 0, err
	}
	if len(msg) > c.config.MaxMessage {
		return 0, ErrTooLarge
	}
	l := c.out.lane(o.Channel, o.Mode)
	m := outMessage{data: lent(c.config.Buffers, msg), tracked: o.Tracked}
	switch o.Mode {
	case proto.ModeLatest:
		c.supersede(l)
	case proto.ModeDeadline:
		m.expires = now + max(o.Lifetime, 1)
		l.hasten(m.expires)
	}
	seq := l.enqueue(m)
	l.channel.sent++
	c.stats.MessagesSent++
	c.stats.MessageBytesSent += uint64(len(msg))
	c.advance(now)
	return seq, nil
}

// Send is SendOn for channel 0, reliable and ordered.
func (c *Conn) Send(now time.Duration, msg []byte, tracked bool) (uint64, error) {
	return c.SendOn(now, SendOptions{Tracked: tracked}, msg)
}

// supersede gives up the messages of a lane of which only the newest counts.
func (c *Conn) supersede(l *sendLane) {
	for seq := l.messages.first(); seq != l.messages.end(); seq++ {
		if l.messages.has(seq) && !l.messages.at(seq).done {
			c.settled(l, seq, Superseded)
		}
	}
}

// settled notes the fate of a message.
func (c *Conn) settled(l *sendLane, seq uint64, fate ReceiptState) {
	m := l.messages.at(seq)
	l.channel.fates[fate]++
	switch fate {
	case Acked:
		c.stats.MessagesAcked++
		c.timers.stop(timerStall) // the peer reads, if not on every channel
		if m.covered && m.retransmits == 0 {
			c.stats.RedundancySaved++
		}
	case Superseded:
		c.stats.MessagesSuperseded++
	case Lost:
		c.stats.MessagesLost++
	case Skipped:
		c.stats.MessagesSkipped++
	case Sent, Failed:
	}
	c.receipt(l, seq, m, fate)
	l.settle(seq)
}
