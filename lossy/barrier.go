package lossy

import (
	"fmt"
	"time"
)

// barrier stops packets before any model sees them: for a time, for their size,
// or for what they are. What it stops keeps its index.
type barrier struct {
	flow uint64 // number

	down     bool          // until SetDown says otherwise
	until    time.Duration // given to BlackoutUntil
	schedule Blackout
	outages  []Outage // of the schedule
	mtu      int
	rules    ruleSet

	idle bool // none of them can stop anything, at any time
}

// begin notes when the flow began, with its first packet.
func (b *barrier) begin(now time.Duration) { b.rules.begun = now }

func (b *barrier) set(p *Profile) {
	if b.schedule != p.Blackout {
		b.schedule, b.outages = p.Blackout, p.Blackout.Outages()
	}
	b.mtu = p.MTU
	b.rules.set(p.Drop)
	b.settle()
}

// settle keeps the common case, nothing set, down to one test a packet.
func (b *barrier) settle() {
	b.idle = !b.down && b.until == 0 && len(b.outages) == 0 && b.mtu == 0 && len(b.rules.rules) == 0
}

// stops says why a packet is stopped, if it is, and by which rule.
func (b *barrier) stops(now time.Duration, index uint64, payload []byte) (why Cause, rule int) {
	switch {
	case b.down || now < b.until || dark(b.outages, now):
		return CauseBlackout, 0
	case b.mtu > 0 && len(payload) > b.mtu:
		return CauseMTU, 0
	}
	if rule = b.rules.drops(now, b.flow, index, payload); rule > 0 {
		return CauseRule, rule
	}
	return CauseNone, 0
}

// MaxMTU is the largest Profile.MTU.
const MaxMTU = 1<<16 - 1

func (p Profile) validateBarrier() error {
	if p.MTU < 0 || p.MTU > MaxMTU {
		return fmt.Errorf("mtu %d: must be between 1 and %d bytes of payload, or 0 for no limit", p.MTU, MaxMTU)
	}
	return nil
}
