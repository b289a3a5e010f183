package arq

import (
	"slices"

	"udplab/proto"
)

// outgoing are the messages of all lanes, and whose turn it is.
type outgoing struct {
	first    uint64         // number of the first message of every lane
	buffers  Buffers        // lend the memory of messages
	spare    spareSpans     // for what is acknowledged of a message
	channels []*sendChannel // by number; nil where nothing was sent
	lanes    []*sendLane    // in the order of their first message; a piece says which
	waiting  []*sendLane    // those that may have something to send
	timed    []*sendLane    // those of proto.ModeDeadline
	bytes    int            // payload bytes of messages whose fate is open
	open     int            // messages whose fate is open
	room     int            // of the send buffer that they take up

	charged    uint64    // credit of the connection used (SPEC 6.1)
	credit     uint64    // what the peer granted
	firstGrant uint64    // what it granted at first
	free       *sendLane // its message in hand was begun without credit for all of it; nil: none

	classes []class // one for each priority in use
}

// class is a priority and the turn of the lane served last in it.
type class struct {
	priority int8
	turn     uint64
}

// sendChannel is a channel as its sender sees it.
type sendChannel struct {
	Lane
	number  uint8
	room    int    // of the send buffer that its messages take up
	sent    uint64 // messages taken over
	fates   [receiptStates]uint64
	charged uint64 // credit of the channel used
	granted uint64 // what the peer granted since
	lanes   [modes]*sendLane
}

// channel returns the channel of that number.
func (o *outgoing) channel(number uint8) *sendChannel {
	for len(o.channels) <= int(number) {
		o.channels = append(o.channels, nil)
	}
	ch := o.channels[number]
	if ch == nil {
		ch = &sendChannel{number: number}
		o.channels[number] = ch
	}
	return ch
}

// lane returns the lane of a channel and a mode.
func (o *outgoing) lane(number uint8, mode proto.Mode) *sendLane {
	ch := o.channel(number)
	if l := ch.lanes[mode]; l != nil {
		return l
	}
	l := &sendLane{all: o, channel: ch, mode: mode, index: uint16(len(o.lanes)), nextSeq: o.first}
	l.messages.start(o.first)
	ch.lanes[mode] = l
	o.lanes = append(o.lanes, l)
	if mode == proto.ModeDeadline {
		o.timed = append(o.timed, l)
	}
	return l
}

// find returns the lane of a channel and a mode, nil if nothing was sent on it.
func (o *outgoing) find(number uint8, mode proto.Mode) *sendLane {
	if int(number) >= len(o.channels) || o.channels[number] == nil {
		return nil
	}
	return o.channels[number].lanes[mode]
}

// grant takes in how much credit the peer gave a channel, and reports whether
// that is more than before.
func (o *outgoing) grant(number uint8, limit uint64) (more bool) {
	ch := o.channel(number)
	more = limit > ch.granted
	ch.granted = max(ch.granted, limit)
	return more
}

// creditLeft is how much credit is left for a channel.
func (o *outgoing) creditLeft(ch *sendChannel) uint64 {
	limit := max(ch.granted, firstCredit(ch.number, o.firstGrant))
	return min(o.credit-min(o.charged, o.credit), limit-min(ch.charged, limit))
}

// wait notes that a lane has something to send. One that had nothing for a
// while does not get the turns it missed.
func (o *outgoing) wait(l *sendLane) {
	if l.waits {
		return
	}
	l.waits = true
	l.turn = max(l.turn, o.class(l.channel.Priority).turn)
	o.waiting = append(o.waiting, l)
}

// next returns the lane that sends next, nil if none may: of those with the
// largest priority the one that has had least for its weight (weighted fair
// queueing). crumbs says that a lane may send although it has credit for only a
// crumb.
func (o *outgoing) next(crumbs bool) *sendLane {
	var best *sendLane
	idle := 0
	for _, l := range o.waiting {
		repair := l.hasRepair()
		if !repair && !l.hasNew() {
			l.waits = false
			idle++
			continue
		}
		if !repair && l.awaitsCredit(crumbs) {
			continue
		}
		if best == nil || l.channel.Priority > best.channel.Priority ||
			l.channel.Priority == best.channel.Priority && l.turn < best.turn {
			best = l
		}
	}
	if idle > 0 {
		o.waiting = slices.DeleteFunc(o.waiting, func(l *sendLane) bool { return !l.waits })
	}
	return best
}

func (o *outgoing) class(priority int8) *class {
	for i := range o.classes {
		if o.classes[i].priority == priority {
			return &o.classes[i]
		}
	}
	o.classes = append(o.classes, class{priority: priority})
	return &o.classes[len(o.classes)-1]
}

// served notes that a lane sent so many bytes.
func (o *outgoing) served(l *sendLane, bytes int) {
	o.class(l.channel.Priority).turn = l.turn
	l.turn += uint64(bytes) << 8 / uint64(max(l.channel.Weight, 1))
}

// hasRepair reports whether something lost waits to be sent again.
func (o *outgoing) hasRepair() bool {
	for _, l := range o.waiting {
		if l.hasRepair() {
			return true
		}
	}
	return false
}

// flowBlocked reports whether a lane waits for nothing but credit.
func (o *outgoing) flowBlocked() bool {
	for _, l := range o.waiting {
		if l.hasNew() && l.available() == 0 {
			return true
		}
	}
	return false
}

// fail gives up all messages and tells of each.
func (o *outgoing) fail(tell func(l *sendLane, seq uint64, m *outMessage)) {
	for _, l := range o.lanes {
		for seq := l.messages.first(); seq != l.messages.end(); seq++ {
			m := l.messages.at(seq)
			if !m.done {
				tell(l, seq, m)
			}
			giveBack(o.buffers, m.data)
		}
		l.messages.popFront(l.messages.len())
		l.nextSeq, l.nextOffset = l.messages.end(), 0
		l.code.stop()
		l.open, l.channel.room = 0, 0
		l.skip, l.repair, l.repaired = report{}, nil, 0
	}
	o.bytes, o.open, o.room, o.free = 0, 0, 0, nil
}
