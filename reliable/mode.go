package reliable

import (
	"fmt"
	"time"

	"udplab/proto"
)

// Mode says how a message is delivered, and how long the sender tries. The
// package documentation compares them.
type Mode = proto.Mode

// The delivery modes.
const (
	// ModeOrdered delivers each message once, after all those before it.
	ModeOrdered = proto.ModeOrdered
	// ModeUnordered delivers each message once, as soon as it is whole.
	ModeUnordered = proto.ModeUnordered
	// ModeLatest is for values of which only the newest counts. A message takes
	// the place of the one before it, which is not sent or repaired any more;
	// none is delivered after a newer one, and the last one always is.
	ModeLatest = proto.ModeLatest
	// ModeSequenced repairs nothing, and delivers no message after a newer one.
	ModeSequenced = proto.ModeSequenced
	// ModeUnreliable repairs nothing, and delivers each message at most once, as
	// it comes.
	ModeUnreliable = proto.ModeUnreliable
	// ModeDeadline repairs a message until its lifetime is over, and delivers it
	// in order, at most once and never later. Both sides are told of those that
	// were skipped.
	ModeDeadline = proto.ModeDeadline
)

// SendOptions say how a message is sent. The zero value is reliable and ordered.
type SendOptions struct {
	// Mode is what the peer gets and how long this side tries.
	Mode Mode
	// Lifetime is how long after the call a message of ModeDeadline is worth
	// delivering, more than 0. Other modes do not look at it. How long a packet
	// took can only be estimated, and the receiver rather errs to the late side: a
	// lifetime below a round trip may be too short, one below half of it is. On the
	// wire it is rounded down to 64 us, and 76 hours are the longest.
	Lifetime time.Duration
	// Tracked asks for receipts of the message, see Conn.Receipt. They are kept
	// until they are taken, so track only if somebody takes them.
	Tracked bool
}

// check refuses what can't be sent.
func (o SendOptions) check() error {
	switch {
	case o.Mode > ModeDeadline:
		return fmt.Errorf("reliable: send: there is no %v", o.Mode)
	case o.Mode == ModeDeadline && o.Lifetime <= 0:
		return fmt.Errorf("reliable: send: %v needs a lifetime, not %v", o.Mode, o.Lifetime)
	}
	return nil
}
