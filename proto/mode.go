package proto

import "fmt"

// Mode says what a receiver owes the messages of a lane, which is one mode of
// one channel (SPEC 7.1).
type Mode uint8

// The delivery modes. The two numbers behind them are reserved and refused.
const (
	ModeOrdered    Mode = iota // delivered once, in the order of their numbers
	ModeUnordered              // delivered once, as soon as they are whole
	ModeLatest                 // only the newest is repaired; never delivered behind a newer one
	ModeSequenced              // never repaired; never delivered behind a newer one
	ModeUnreliable             // never repaired; delivered at most once, as they come
	ModeDeadline               // repaired until their lifetime is over; in order, and never after it
	modeCount
)

var modeNames = [modeCount]string{"ordered", "unordered", "latest", "sequenced", "unreliable", "deadline"}

// String is the name the specification uses.
func (m Mode) String() string {
	if m < modeCount {
		return modeNames[m]
	}
	return fmt.Sprintf("mode(%d)", uint8(m))
}

const (
	modeBits = 3 // of a lane number; the channel stands above them
	modeMask = 1<<modeBits - 1
	laneMax  = 255<<modeBits | modeMask
)

// lane is the number of a mode of a channel (SPEC 7.1).
func lane(channel uint8, mode Mode) uint64 { return uint64(channel)<<modeBits | uint64(mode) }

// modeSet is a bit for each mode, the lowest for mode 0.
type modeSet uint8

func (s modeSet) has(m Mode) bool { return s>>m&1 != 0 }

// readLane reads the number of a lane, whose mode has to be one of allowed.
func readLane(b []byte, i pos, allowed modeSet) (uint8, Mode, pos) {
	v, i := readUint(b, i)
	i = i.demand(v <= laneMax, faultRange)
	channel, mode := uint8(v>>modeBits), Mode(v&modeMask)
	return channel, mode, i.demand(allowed.has(mode), faultLane)
}
