package chat

import "net/netip"

// Both sides may dial, each without knowing of the other, and a proxy between
// them hides that the two connections belong together. Then both sides have to
// keep the same one. And a peer that was restarted comes in while this side
// still believes in the old connection. rival is what is known of a connection
// once its hello has arrived.
type rival struct {
	dialed bool // by this side
	addr   netip.AddrPort
	run    string // the run of the peer's program
}

// verdict is what to do with a connection that comes while another one stands.
type verdict uint8

const (
	replaceOld verdict = iota + 1 // the old one is dead or about to be
	switchOver                    // both work; end the old one without losing a line
	keepOld                       // both work; end the new one
	refuseNew                     // it is somebody else
)

// settle decides between the connection in use and a new one. own is the run
// of this side's program. Both sides come to the same decision: they know the
// same two runs and who dialed what.
func settle(own string, current, next rival) verdict {
	switch {
	case next.run == own:
		return refuseNew // this program dialed itself
	case next.run != current.run && next.addr == current.addr:
		return replaceOld // restarted at the same address
	case next.run != current.run:
		return refuseNew
	case next.dialed == current.dialed:
		return replaceOld // the same side dialed again: it has given the old one up
	}
	ownDialStands := own > next.run
	if next.dialed == ownDialStands {
		return switchOver
	}
	return keepOld
}
