package sim

import "math"

// Heal ends all faults and all waiting: whatever is sent from now on arrives
// after its link's shortest delay, though perhaps with a fate that makes it
// later; paused nodes go on, and messages are read as they come.
func (w *World) Heal() {
	w.did(step{verb: verbHeal})
	w.Fate = nil
	for _, p := range w.paths {
		p.heal()
	}
	for _, n := range w.nodes {
		n.ManualRead, n.hold = false, 0
		if n.paused {
			n.resume()
		}
	}
	for _, e := range w.ends {
		if e.manualRead || e.hold != 0 {
			e.manualRead, e.hold, e.promptFrom = false, 0, w.now
			e.read(math.MaxInt) // what an ended connection left, too
		}
	}
}

// Settled checks what must hold once nothing moves any more: everything sent
// over a living connection was delivered and acknowledged, and of an ended one
// everything was reported. See Err.
func (w *World) Settled() {
	w.did(step{verb: verbSettled})
	w.oracle.settled()
}

// CloseAll closes every connection.
func (w *World) CloseAll() {
	w.did(step{verb: verbCloseAll})
	for _, e := range w.ends {
		e.close(0, "")
	}
}

// Ended checks that every connection has ended, that silence has fallen, and
// that the links lost nothing without saying so. See Err.
func (w *World) Ended() {
	w.did(step{verb: verbEnded})
	for _, e := range w.ends {
		if !e.forgotten && !e.removed {
			w.oracle.fail("%v did not end", e)
		}
	}
	if len(w.events) > 0 {
		w.oracle.fail("%d events are left after the end", len(w.events))
	}
	for _, p := range w.paths {
		if n := p.link.Stats().Unaccounted(); n != 0 {
			w.oracle.fail("the link %s to %s has %d datagrams unaccounted for", p.from.name, p.to.name, n)
		}
	}
}
