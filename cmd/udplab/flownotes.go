package main

import (
	"fmt"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// leastBrief is how many brief flows make a note: a few are nothing odd.
const leastBrief = 10

// flowNotes says, a sentence each, where a model of loss with a memory had next to
// no packets to remember, for most flows had brought one or two. Then the rates
// configured and observed may agree and yet be those of other losses than were
// meant.
func flowNotes(network lossy.Config, stats *proxy.Stats) (notes []string) {
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		profile, brief := network.Profile(d), stats.Direction(d).BriefFlows
		memory := profile.LossMemory()
		if memory == "" || profile.SharedModel || brief < leastBrief || 2*brief < stats.FlowsOpened {
			continue
		}
		notes = append(notes, fmt.Sprintf("%v: %d of %d flows had %d packets or fewer, and %s began anew with each; --%v-shared-model makes one row of them",
			d, brief, stats.FlowsOpened, proxy.BriefFlow, memory, d))
	}
	return notes
}
