package lossy

import (
	"fmt"
	"strings"
	"time"
)

// Cause is why a packet or a copy of it did not come out. Its String is the
// metric label.
type Cause uint8

const (
	CauseNone     Cause = iota // it was not dropped
	CauseLoss                  // lost by the loss model
	CauseQueue                 // the queue before the rate limit was full
	CauseBlackout              // the link was down
	CauseOverload              // the link held as many bytes as it may: our limit, not the network's
	CauseAQM                   // active queue management dropped it before the queue was full: CoDel, RED
	CausePolicer               // it exceeded the rate of the policer
	CauseMTU                   // its payload was larger than Profile.MTU
	CauseRule                  // a rule of Profile.Drop took it
	causeCount
)

var causeNames = [causeCount]string{"none", "loss", "queue", "blackout", "overload", "aqm", "policer", "mtu", "rule"}

// String returns the metric label of the cause.
func (c Cause) String() string {
	if c < causeCount {
		return causeNames[c]
	}
	return fmt.Sprintf("cause %d", uint8(c))
}

// Causes returns all causes for which Stats counts drops, in a fixed order.
func Causes() []Cause {
	return []Cause{CauseLoss, CauseQueue, CauseBlackout, CauseOverload, CauseAQM, CausePolicer, CauseMTU, CauseRule}
}

// Verdict is what becomes of one packet. Model.Decide fills what follows from
// the seed alone; Link.Send adds what depends on time and load (a drop by the
// queue, a blackout or overload, and Wait). Verdicts are plain values: log
// them, compare them.
type Verdict struct {
	Index uint64 // of the packet in its direction of its flow, from 0
	Turn  uint64 // if Shared: of the packet in the model that flows share, from 0

	Drop    Cause // why no copy came through; CauseNone when at least one did
	Corrupt bool  // the payload is damaged, see Damage
	AtOnce  bool  // sent without delay, to overtake those before it (Profile.ReorderGap)
	Racing  bool  // it may overtake those before it on the wire (Profile.JitterReorder)
	Marked  bool  // a queue marked it, or a copy, as having met congestion (ECN)
	Shared  bool  // a model that flows share decided (Profile.SharedModel)
	Rule    uint8 // the rule that dropped it (CauseRule), from 1
	Moved   uint8 // not 0: no verdict, but an addition to an earlier one, see Link.SetTrace

	Copies int           // datagrams that go on: 1, or more for a duplicate; 0 when dropped
	Delay  time.Duration // propagation delay drawn for it, jitter included
	Wait   time.Duration // in the queue and on the transmitter, also of one lost behind them
	By     int           // later datagrams that overtake it, 0 = it keeps its place
	Hold   time.Duration // or how long it is held while they do
	Damage Damage        // if Corrupt: by default one bit is flipped,
	Bit    int           // this one: 0 is the highest bit of the first byte
	Key    uint64        // what the places of any other damage follow from; see DamagedAt
	Apart  CopyFates     // of each copy, where they differ in it; only for who traces the link
}

// drop makes it the verdict on a packet that goes nowhere.
func (v *Verdict) drop(why Cause) {
	index, turn, shared := v.Index, v.Turn, v.Shared
	*v = Verdict{}
	v.Index, v.Turn, v.Shared, v.Drop = index, turn, shared, why
}

// String tells the verdict in one line, for stories and logs:
//
//	#17 dropped: loss
//	#18 passes after 40ms, duplicated, bit 133 flipped, displaced by 3
//	#0 (turn 203) passes
func (v Verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "#%d", v.Index)
	if v.Shared {
		fmt.Fprintf(&b, " (turn %d)", v.Turn)
	}
	switch v.Drop {
	case CauseNone:
		b.WriteString(" passes")
	case CauseRule:
		fmt.Fprintf(&b, " dropped: rule %d", v.Rule)
		return b.String()
	default:
		fmt.Fprintf(&b, " dropped: %v", v.Drop)
		return b.String()
	}
	if d := v.Delay + v.Wait; d > 0 {
		fmt.Fprintf(&b, " after %v", d)
	}
	if v.AtOnce {
		b.WriteString(" at once")
	}
	if v.Copies == 2 {
		b.WriteString(", duplicated")
	} else if v.Copies > 2 {
		fmt.Fprintf(&b, ", %d times", v.Copies)
	}
	if v.Corrupt && v.Damage != (Damage{}) {
		fmt.Fprintf(&b, ", damaged (%v)", v.Damage)
	} else if v.Corrupt {
		fmt.Fprintf(&b, ", bit %d flipped", v.Bit)
	}
	if v.By > 0 {
		fmt.Fprintf(&b, ", displaced by %d", v.By)
	}
	if v.Hold > 0 {
		fmt.Fprintf(&b, ", held for %v", v.Hold)
	}
	if v.Marked {
		b.WriteString(", marked CE")
	}
	return b.String()
}
