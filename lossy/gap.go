package lossy

import (
	"errors"
	"fmt"
)

// MaxReorderGap is the largest Profile.ReorderGap.
const MaxReorderGap = 1 << 20

// gap is netem's `reorder P% gap N` (sch_netem.c, netem_enqueue). It counts the
// packets that were delayed since the last that was not. While they are fewer
// than N-1 the next is delayed too; from then on each is sent at once with
// probability P, which starts the count anew, and delayed otherwise. In the
// long run a share of P/(1+(N-1)P) is sent at once, and overtakes whatever is
// under way.
//
// As in netem it counts the packets that get this far, so it is the one place
// where a loss moves the decision of another impairment.
type gap struct {
	every   int // N, 0 = off
	delayed int
}

// open says whether the next packet may be sent at once, and counts it if not.
func (g *gap) open() bool {
	if g.delayed < g.every-1 {
		g.delayed++
		return false
	}
	return true
}

// passed notes what was drawn for a packet that might be sent at once.
func (g *gap) passed(v *Verdict, atOnce bool) {
	if !atOnce {
		g.delayed++
		return
	}
	g.delayed = 0
	v.AtOnce, v.Delay = true, 0
}

func (p Profile) validateGap(byNumber bool) error {
	switch {
	case p.ReorderGap == 0:
		return nil
	case p.ReorderGap < 0 || p.ReorderGap > MaxReorderGap:
		return fmt.Errorf("reorder-gap %d: must be between 1 and %d packets, or 0 for none", p.ReorderGap, MaxReorderGap)
	case byNumber || p.ReorderFor > 0:
		return errors.New("reorder-gap: sends packets at once, so leave reorder-by and reorder-hold at 0")
	case p.Reorder == 0:
		return errors.New("reorder-gap: needs a reorder share; netem's gap alone is reorder 100%")
	case p.Delay == 0:
		return errors.New("reorder-gap: needs a delay, for what is sent at once overtakes only what is delayed")
	}
	return nil
}
