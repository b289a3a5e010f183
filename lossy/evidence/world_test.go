package evidence

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"time"

	"pgregory.net/rapid"

	"udplab/lossy"
	"udplab/lossy/decisions"
)

// arrival is a datagram that comes to the network.
type arrival struct {
	at      time.Duration
	flow    int
	dir     lossy.Direction
	mark    lossy.ECN
	payload []byte
}

// departure is one that comes out.
type departure struct {
	at    time.Duration
	flow  int
	dir   lossy.Direction
	mark  lossy.ECN
	bytes string
	index uint64
}

const worldFlows = 3

// fataler is a testing.T or a rapid.T.
type fataler interface {
	Helper()
	Fatal(args ...any)
}

func worldKey(flow int) lossy.FlowKey {
	if flow == 2 {
		key, err := lossy.NamedFlow("ann")
		if err != nil {
			panic(err)
		}
		return key
	}
	return lossy.FlowKey{Number: uint64(flow)}
}

// play sends all arrivals over links in virtual time, each flow and direction a
// link of its own, and returns the log and all that came out.
func play(t fataler, cfg lossy.Config, timeless bool, traffic []arrival, replay lossy.Replayer) (log []byte, out []departure) {
	t.Helper()
	return playThrough(t, cfg, nil, timeless, traffic, replay)
}

// change is other profiles from a time on.
type change struct {
	at  time.Duration
	cfg lossy.Config
}

// playThrough is play with changes, each before the arrivals of its time.
func playThrough(t fataler, cfg lossy.Config, changes []change, timeless bool, traffic []arrival, replay lossy.Replayer) (log []byte, out []departure) {
	t.Helper()
	var written bytes.Buffer
	l, err := decisions.New(&written, decisions.Options{Seed: cfg.Seed, Timeless: timeless, Up: "up", Down: "down"})
	if err != nil {
		t.Fatal(err)
	}
	var links [worldFlows][2]*lossy.Link
	shared := [2]*lossy.Bottleneck{lossy.NewBottleneck(), lossy.NewBottleneck()}
	together := [2]*lossy.Model{lossy.NewModel(cfg.Seed, lossy.SharedFlow, lossy.Up, cfg.Up), lossy.NewModel(cfg.Seed, lossy.SharedFlow, lossy.Down, cfg.Down)}
	for flow := range links {
		for d := range links[flow] {
			dir := lossy.Direction(d)
			link := lossy.NewLink(cfg.Seed, worldKey(flow).Number, dir, cfg.Profile(dir))
			if cfg.Profile(dir).SharedBottleneck || changes != nil {
				link.SetBottleneck(shared[d])
			}
			link.SetModel(together[d])
			link.SetTrace(l.Trace(worldKey(flow), dir))
			if replay != nil {
				link.SetScript(replay(worldKey(flow), dir))
			}
			links[flow][d] = link
		}
	}
	drain := func(until time.Duration) {
		for {
			from, at := -1, until
			for i := range 2 * worldFlows {
				if due, some := links[i/2][i%2].NextTime(); some && due <= at && (from < 0 || due < at) {
					from, at = i, due
				}
			}
			if from < 0 {
				return
			}
			link := links[from/2][from%2]
			if b, came := link.Receive(at, nil); came {
				index, _ := link.Origin() // what copies are counted from differs where a queue drops some
				out = append(out, departure{at, from / 2, lossy.Direction(from % 2), link.Mark(), string(b), index})
			}
		}
	}
	for _, a := range traffic {
		for ; len(changes) > 0 && changes[0].at <= a.at; changes = changes[1:] {
			drain(changes[0].at)
			for flow := range links {
				for d, link := range links[flow] {
					link.SetProfileAt(changes[0].at, changes[0].cfg.Profile(lossy.Direction(d)))
				}
			}
		}
		drain(a.at)
		links[a.flow][a.dir].SendMarked(a.at, a.payload, 0, a.mark)
	}
	drain(time.Hour)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return written.Bytes(), out
}

// byLane sorts departures by where they came out, and keeps the order there.
func byLane(out []departure) []departure {
	slices.SortStableFunc(out, func(a, b departure) int { return (a.flow*2 + int(a.dir)) - (b.flow*2 + int(b.dir)) })
	return out
}

// differ tells the first difference between what came out and what should have.
func differ(got, want []departure) string {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return fmt.Sprintf("nothing more came out, want %+v", want[i])
		case i >= len(want):
			return fmt.Sprintf("there came out %+v, want nothing more", got[i])
		case got[i] != want[i]:
			return fmt.Sprintf("there came out %+v, want %+v", got[i], want[i])
		}
	}
	return ""
}

var times = regexp.MustCompile(`"t_ns":\d+,`)

// canonical is a log without what a queue that decides at its head may change
// about it: when a decision was made, and in which order.
func canonical(log []byte) string {
	lines := bytes.SplitAfter(times.ReplaceAll(log, nil), []byte("\n"))
	slices.SortFunc(lines, bytes.Compare)
	return string(bytes.Join(lines, nil))
}

func drawTraffic(t *rapid.T) (traffic []arrival) {
	most := 150
	if raceEnabled {
		most = 30
	}
	n := rapid.IntRange(1, most).Draw(t, "datagrams")
	now := time.Duration(0)
	for i := range n {
		now += time.Duration(rapid.SampledFrom([]int{0, 0, 1, 50, 900, 20_000}).Draw(t, "gap")) * time.Microsecond
		size := rapid.SampledFrom([]int{0, 1, 2, 60, 700, 1400}).Draw(t, "size")
		traffic = append(traffic, arrival{now, rapid.IntRange(0, worldFlows-1).Draw(t, "flow"), lossy.Direction(rapid.IntRange(0, 1).Draw(t, "dir")),
			lossy.ECN(rapid.IntRange(0, 3).Draw(t, "ecn")), bytes.Repeat([]byte{byte(i)}, size)})
	}
	return traffic
}

// drawProfile draws of every impairment whether and how it is on.
func drawProfile(t *rapid.T) (p lossy.Profile) {
	maybe := func(name string) bool { return rapid.Bool().Draw(t, name) }
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	switch rapid.IntRange(0, 3).Draw(t, "loss") {
	case 1:
		p.Loss, p.Burst = 0.2, float64(rapid.IntRange(1, 4).Draw(t, "burst"))
	case 2:
		p.LossModel = lossy.GilbertElliott{P: 0.1, R: 0.3, Bad: 0.8}
	case 3:
		p.LossModel = lossy.CorrelatedLoss{P: 0.2, Rho: 0.5}
	}
	p.SharedModel = maybe("shared model")
	if maybe("delay") {
		p.Delay = 5 * time.Millisecond
		if maybe("jitter") {
			p.Jitter = 4 * time.Millisecond
		}
		p.JitterReorder = maybe("racing")
		if maybe("law") {
			p.Distribution, err = lossy.ParseDistribution("normal", nil)
			must(err)
		}
	}
	if maybe("reorder") {
		p.Reorder = 0.3
		switch way := rapid.IntRange(0, 3).Draw(t, "way"); {
		case way == 1:
			p.ReorderSpread = lossy.Displacement{Mean: 2}
		case way == 2:
			p.ReorderFor = 3 * time.Millisecond
		case way == 3 && p.Delay > 0:
			p.ReorderGap = 3
		}
	}
	if maybe("duplicate") {
		p.Duplicate, p.DuplicateCopies = 0.4, rapid.IntRange(0, 3).Draw(t, "copies")
		p.DuplicateDelay = time.Duration(rapid.IntRange(0, 1).Draw(t, "late")) * time.Millisecond
	}
	if maybe("corrupt") {
		p.Corrupt = 0.5
		p.CorruptHow, err = lossy.ParseDamage(rapid.SampledFrom([]string{"bit", "bits:5", "byte", "bytes:40", "truncate", "extend:9000"}).Draw(t, "how"))
		must(err)
	}
	if maybe("barrier") {
		p.MTU = 1000
		p.Drop, err = lossy.ParseRules("size=60,every=3; age>5ms,index=7; flow=ann,nth=2")
		must(err)
		p.Blackout, err = lossy.ParseBlackout("every=20ms,for=2ms")
		must(err)
	}
	if maybe("rate") {
		p.Rate, p.Overhead = 4e6, 28
		p.QueuePackets = rapid.IntRange(0, 6).Draw(t, "queue")
		p.LossAfterQueue, p.SharedBottleneck, p.ECN = maybe("after"), maybe("shared"), maybe("ecn")
		text := rapid.SampledFrom([]string{"drop-tail", "drop-head", "codel:target=1ms,interval=4ms", "red:min=2packets,max=5packets,p=50%"}).Draw(t, "discipline")
		p.Discipline, err = lossy.ParseDiscipline(text)
		must(err)
		if maybe("policer") {
			p.Policer, err = lossy.ParsePolicer("rate=3mbit,burst=5000B")
			must(err)
		}
	}
	must(p.Validate())
	return p
}
