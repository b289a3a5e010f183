package sim

import (
	"fmt"
	"time"

	"udplab/proto"
	"udplab/reliable/arq"
)

// lane is one lane of one direction of a connection as the applications see it:
// what was sent on it and what came of that. Its methods say what each mode
// promises (SPEC 7.1), nothing of how that is kept.
type lane struct {
	channel  uint8
	mode     proto.Mode
	first    uint64 // number of the first message, as SendOn returned it
	messages []message
	next     int // one above the newest message delivered
	whole    int // messages before it have arrived whole
}

// message is one message of a lane.
type message struct {
	index     int // among all of its connection
	size      int
	sentAt    time.Duration
	lifetime  time.Duration
	arrived   extents // bytes that arrived, until it is whole
	whole     bool    // all have
	delivered bool
}

func (l *lane) String() string {
	return fmt.Sprintf("channel %d %v", l.channel, l.mode)
}

// reliable modes deliver every message.
func reliable(m proto.Mode) bool { return m == proto.ModeOrdered || m == proto.ModeUnordered }

// forward modes never deliver a message behind a newer one of its lane.
func forward(m proto.Mode) bool { return m != proto.ModeUnordered && m != proto.ModeUnreliable }

// fateOf says whether the sender of a message of that mode may be told that
// this became of it.
func fateOf(m proto.Mode, s arq.ReceiptState) bool {
	switch s {
	case arq.Superseded:
		return m == proto.ModeLatest
	case arq.Lost:
		return m == proto.ModeSequenced || m == proto.ModeUnreliable
	case arq.Skipped:
		return m == proto.ModeDeadline
	case arq.Sent, arq.Acked, arq.Failed:
	}
	return true
}

// find returns the message with a number, -1 if none has it.
func (l *lane) find(number uint64) int {
	if l == nil || number-l.first >= uint64(len(l.messages)) {
		return -1
	}
	return int(number - l.first)
}

// lane returns the lane of a stream, nil if nothing was sent on it.
func (s *stream) lane(channel uint8, mode proto.Mode) *lane {
	for _, l := range s.lanes {
		if l.channel == channel && l.mode == mode {
			return l
		}
	}
	return nil
}

// fault says what is wrong with the delivery of message i at a time, "" if
// nothing.
func (l *lane) fault(i int, now time.Duration, d *arq.Delivery, told arq.ReceiptState, atOnce bool, slack time.Duration) string {
	m := &l.messages[i]
	deadline := m.sentAt + m.lifetime
	switch {
	case m.delivered:
		return "a second time"
	case l.mode == proto.ModeOrdered && i != l.next:
		return fmt.Sprintf("before message %d", l.next)
	case forward(l.mode) && i < l.next:
		return fmt.Sprintf("behind message %d", l.next-1)
	case reliable(l.mode) && d.Skipped != 0:
		return fmt.Sprintf("with %d skipped", d.Skipped)
	case forward(l.mode) && !reliable(l.mode) && d.Skipped != i-l.next:
		return fmt.Sprintf("and says that %d were skipped, which are %d", d.Skipped, i-l.next)
	case told == arq.Skipped:
		return "which the sender was told is skipped"
	case l.mode == proto.ModeDeadline && atOnce && now > deadline+slack:
		return fmt.Sprintf("%v after its deadline, slack %v", now-deadline, slack)
	}
	return ""
}
