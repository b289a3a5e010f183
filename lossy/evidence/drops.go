package evidence

import (
	"fmt"
	"slices"
	"strings"

	"udplab/lossy"
)

// Drop is one packet that a log says was dropped.
type Drop struct {
	Flow  lossy.FlowKey
	Dir   lossy.Direction
	Index uint64
	Size  int
	Cause lossy.Cause
	Rule  uint8 // of CauseRule

	Shared bool   // a model that flows share decided, and
	Turn   uint64 // counted the packet there
}

// String tells which packet it was, and why it went nowhere.
func (d Drop) String() string {
	why := d.Cause.String()
	if d.Cause == lossy.CauseRule {
		why = fmt.Sprintf("%s %d", why, d.Rule)
	}
	turn := ""
	if d.Shared {
		turn = fmt.Sprintf(", turn %d", d.Turn)
	}
	return fmt.Sprintf("flow %v %v index %d%s (%s, %d bytes)", d.Flow, d.Dir, d.Index, turn, why, d.Size)
}

// Drops lists the packets that were dropped, flow by flow: of the proxy that the
// header describes, and of a flow that began several times its first life.
func (r *Recording) Drops() (drops []Drop) {
	for _, key := range r.order {
		if key.proxy != "" {
			continue
		}
		l := r.lanes[key].lives[0]
		for _, e := range l.entries {
			if size, v := l.fateAt(e.at); v.Drop != lossy.CauseNone {
				drops = append(drops, Drop{key.flow, key.dir, e.index, size, v.Drop, v.Rule, v.Shared, v.Turn})
			}
		}
	}
	return drops
}

// Only is a lossy.Replayer that drops these packets, and leaves all others to
// the network.
func Only(drops []Drop) lossy.Replayer {
	lanes := make(map[laneKey]map[uint64]lossy.Verdict)
	for _, d := range drops {
		key := laneKey{flow: d.Flow, dir: d.Dir}
		if lanes[key] == nil {
			lanes[key] = make(map[uint64]lossy.Verdict)
		}
		lanes[key][d.Index] = lossy.Verdict{Drop: d.Cause, Rule: d.Rule, Shared: d.Shared, Turn: d.Turn}
	}
	return func(flow lossy.FlowKey, d lossy.Direction) lossy.Script {
		fates := lanes[laneKey{flow: flow, dir: d}]
		if fates == nil {
			return nil
		}
		return func(index uint64, _ int) (lossy.Verdict, bool) {
			v, dropped := fates[index]
			return v, dropped
		}
	}
}

// Lossless is the profile without what drops packets, but for that it is the
// same: it is for networks whose drops are a list. The link stays as slow, before
// a queue that drops nothing.
func Lossless(p lossy.Profile) lossy.Profile {
	p.Loss, p.Burst, p.LossModel, p.LossBurstCap, p.LossAfterQueue = 0, 0, nil, 0, false
	p.MTU, p.Blackout, p.Drop, p.Policer = 0, lossy.Blackout{}, lossy.Rules{}, lossy.Policer{}
	p.Discipline, p.ECN = nil, false
	p.Queue, p.QueuePackets, p.QueueBytes = 0, 0, 0
	if p.Rate > 0 || p.LinkTrace != nil {
		p.QueuePackets = lossy.MaxQueuePackets
	}
	return p
}

// Apply adds the drops to the profiles: as a list of turns where a model that
// flows share counted all of a direction, as a list of indices where the network
// has one flow, by rule and flow otherwise. The profiles must drop nothing yet.
// It is an error if there are more than a profile can name.
func Apply(c *lossy.Config, drops []Drop, oneFlow bool) error {
	for _, dir := range []lossy.Direction{lossy.Up, lossy.Down} {
		p := &c.Up
		if dir == lossy.Down {
			p = &c.Down
		}
		var ranges, rules []string
		for _, r := range rangesOf(drops, dir) {
			ranges = append(ranges, r.String())
			rules = append(rules, fmt.Sprintf("flow=%v,index=%v", r.flow, r))
		}
		turns, counted := turnsOf(drops, dir)
		var err error
		switch {
		case len(ranges) == 0:
		case counted:
			p.SharedModel = true
			p.LossModel, err = lossy.ParseLossModel("list:"+strings.Join(turns, " "), nil)
		case oneFlow && !p.SharedModel:
			p.LossModel, err = lossy.ParseLossModel("list:"+strings.Join(ranges, " "), nil)
		default:
			p.Drop, err = lossy.ParseRules(strings.Join(rules, "; "))
		}
		if err != nil {
			return fmt.Errorf("%v: %w", dir, err)
		}
	}
	return nil
}

// indexRange is packets in a row of one flow.
type indexRange struct {
	flow        lossy.FlowKey
	first, last uint64
}

func (r indexRange) String() string {
	if r.first == r.last {
		return fmt.Sprint(r.first)
	}
	return fmt.Sprintf("%d-%d", r.first, r.last)
}

// rangesOf joins the drops of a direction that follow each other.
func rangesOf(drops []Drop, dir lossy.Direction) (list []indexRange) {
	for _, d := range drops {
		if d.Dir != dir {
			continue
		}
		if n := len(list) - 1; n >= 0 && list[n].flow == d.Flow && list[n].last+1 == d.Index {
			list[n].last++
			continue
		}
		list = append(list, indexRange{d.Flow, d.Index, d.Index})
	}
	return list
}

// turnsOf lists the turns of the drops of a direction, and says whether all have
// one. A model that reads them joins those that follow each other.
func turnsOf(drops []Drop, dir lossy.Direction) (turns []string, all bool) {
	for _, d := range drops {
		if d.Dir == dir && !d.Shared {
			return nil, false
		}
		if d.Dir == dir {
			turns = append(turns, fmt.Sprint(d.Turn))
		}
	}
	return turns, true
}

// ByFlow is the drops without their turns, for who sends the flows' packets in
// another order.
func ByFlow(drops []Drop) []Drop {
	list := slices.Clone(drops)
	for i := range list {
		list[i].Shared, list[i].Turn = false, 0
	}
	return list
}

// flowsOf lists the flows of the drops, each once.
func flowsOf(drops []Drop) (flows []lossy.FlowKey) {
	for _, d := range drops {
		if !slices.Contains(flows, d.Flow) {
			flows = append(flows, d.Flow)
		}
	}
	return flows
}
