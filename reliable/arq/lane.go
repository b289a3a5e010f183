package arq

import (
	"time"

	"udplab/proto"
)

// SendOptions say where a message goes and what becomes of it when it is lost. The
// zero value is channel 0, reliable and ordered.
type SendOptions struct {
	Channel uint8
	Mode    proto.Mode
	// Lifetime is how long after Send a message of proto.ModeDeadline is worth
	// delivering. Other modes do not look at it.
	Lifetime time.Duration
	// Tracked asks for receipts.
	Tracked bool
}

// Lane is how urgent the messages of a channel are. The zero value is every
// channel's default.
type Lane struct {
	// Priority is strict: while a channel of a larger one has something to
	// send, those of smaller ones wait.
	Priority int8
	// Weight is the share among channels of one priority: of two that always
	// have something, the one of weight 2 sends twice as much as the one of
	// weight 1. 0 means 1.
	Weight uint8
}

// SetLane says how urgent this side's messages of a channel are from now on.
func (c *Conn) SetLane(channel uint8, l Lane) { c.out.channel(channel).Lane = l }

// credited reports whether messages of a mode use up credit: those that the
// receiver keeps until the application takes them. Of the others it keeps a
// bounded number of bytes and drops the oldest (SPEC 6.1).
func credited(m proto.Mode) bool { return m == proto.ModeOrdered || m == proto.ModeUnordered }

// repairable reports whether what is lost of a mode is sent again.
func repairable(m proto.Mode) bool { return m != proto.ModeSequenced && m != proto.ModeUnreliable }

// modes is the number of modes there may be (SPEC 7.1).
const modes = 8

// otherCredit is the credit with which channels other than 0 begin (SPEC 6.1).
const otherCredit = 64 << 10

// firstCredit is the credit with which a channel begins, where whole is that of
// the connection.
func firstCredit(channel uint8, whole uint64) uint64 {
	if channel == 0 {
		return whole
	}
	return min(whole, otherCredit)
}
