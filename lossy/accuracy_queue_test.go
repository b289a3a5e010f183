package lossy

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"
)

// bottlenecks are the kinds of queue that are compared with the reference, for a
// link of the given rate.
func bottlenecks(rate float64) map[string]Profile {
	p := Profile{Rate: rate, Overhead: 28, Delay: 3 * time.Millisecond}
	with := func(edit func(*Profile)) Profile { q := p; edit(&q); return q }
	interval := thirtyKilobytes(rate)
	codel := CoDel{Target: interval / 20, Interval: interval}
	red := RED{Min: 5, Max: 15, Probability: 0.02, Weight: 0.02}
	return map[string]Profile{
		"drop-tail, time":      with(func(p *Profile) { p.Queue = thirtyKilobytes(rate) }),
		"drop-tail, packets":   with(func(p *Profile) { p.QueuePackets = 25 }),
		"drop-tail, one place": with(func(p *Profile) { p.QueuePackets = 1 }),
		"drop-tail, bytes":     with(func(p *Profile) { p.QueueBytes = 30e3 }),
		"drop-head, time":      with(func(p *Profile) { p.Discipline, p.Queue = DropHead{}, thirtyKilobytes(rate) }),
		"drop-head, packets":   with(func(p *Profile) { p.Discipline, p.QueuePackets = DropHead{}, 25 }),
		"drop-head, bytes":     with(func(p *Profile) { p.Discipline, p.QueueBytes = DropHead{}, 30e3 }),
		"drop-head, too small": with(func(p *Profile) { p.Discipline, p.QueueBytes = DropHead{}, 900 }),
		"codel":                with(func(p *Profile) { p.Discipline, p.QueueBytes = codel, 300e3 }),
		"codel, short queue":   with(func(p *Profile) { p.Discipline, p.QueuePackets = codel, 20 }),
		"codel, ecn":           with(func(p *Profile) { p.Discipline, p.ECN, p.QueueBytes = codel, true, 300e3 }),
		"red, packets":         with(func(p *Profile) { p.Discipline, p.QueuePackets = red, 50 }),
		"red, ecn":             with(func(p *Profile) { p.Discipline, p.ECN, p.QueuePackets = red, true, 12 }),
		"red, bytes": with(func(p *Profile) {
			p.Discipline, p.QueuePackets = RED{5000, 15000, true, 0.1, 0.01}, 50
		}),
		"policer": with(func(p *Profile) { p.Policer, p.QueuePackets = Policer{rate * 0.9, 20000}, 100 }),
	}
}

// causes counts fates, so that a test knows that it was about something.
func causes(fates []fate) (drops map[Cause]int, marked int) {
	drops = make(map[Cause]int)
	for _, f := range fates {
		drops[f.drop]++
		marked += digit(f.marked)
	}
	return drops, marked
}

// alike is the finding on fates that must be those of the reference.
func alike(got, want []fate) finding {
	drops, marked := causes(want)
	f := finding{n: len(want), expected: "0 other fates", statistic: "exact"}
	other := 0
	for n := range want {
		if got[n] != want[n] {
			other++
			f.wrong = cmp.Or(f.wrong, fmt.Errorf("datagram %d of %d: %+v, want %+v", n, len(want), got[n], want[n]))
		}
	}
	f.estimate = fmt.Sprintf("%d (dropped: queue %d, aqm %d, policer %d; marked %d)",
		other, drops[CauseQueue], drops[CauseAQM], drops[CausePolicer], marked)
	return f
}

// Every datagram is dropped, marked and sent as the reference has it, to the
// nanosecond.
func TestBottleneckDoesWhatTheReferenceDoes(t *testing.T) {
	const seed = 41
	for rate, n := range map[float64]int{64e3: aMillion() / 200, 7_777_777: aMillion() * 3 / 100, 1e9: aMillion() / 200} {
		loads := patterns(n, rate, 1)
		for name, p := range bottlenecks(rate) {
			var got, want []fate
			for _, pattern := range slices.Sorted(maps.Keys(loads)) {
				fates, err := observed(p, seed, 1, loads[pattern])
				report(t, pattern, err)
				got, want = append(got, fates...), append(want, refer(p, seed, loads[pattern], noBug)...)
			}
			row{"Rate and queue", p.String(), "fates of the reference: " + name, seed}.judge(t, alike(got, want))
			drops, marked := causes(want)
			switch p.Discipline.(type) {
			case CoDel, RED:
				if n := drops[CauseAQM] + marked; n < len(want)/200 {
					t.Errorf("%s, %s: %d drops and marks before the queue was full: not the loads this test is about", FormatRate(rate), name, n)
				}
			default:
				if n := drops[CauseQueue] + drops[CausePolicer]; n < len(want)/200 {
					t.Errorf("%s, %s: %d drops: not the loads this test is about", FormatRate(rate), name, n)
				}
			}
		}
	}
}

// Flows that share a bottleneck meet what one flow would that sent it all.
func TestSharedBottleneckDoesWhatTheReferenceDoes(t *testing.T) {
	const rate, flows, seed = 7_777_777, 3, 42
	loads := patterns(aMillion()/100, rate, flows)
	for name, p := range bottlenecks(rate) {
		p.SharedBottleneck = true
		var got, want []fate
		for _, pattern := range slices.Sorted(maps.Keys(loads)) {
			fates, err := observed(p, seed, flows, loads[pattern])
			report(t, pattern, err)
			got, want = append(got, fates...), append(want, refer(p, seed, loads[pattern], noBug)...)
		}
		row{"Rate and queue", p.String(), "fates of the reference, three flows: " + name, seed}.judge(t, alike(got, want))
	}
}

// Whatever the discipline, no window of time carries more than the rate, with
// the overhead counted; nor does a policer let more through than that and its
// burst.
func TestBottleneckBoundsEveryWindow(t *testing.T) {
	const rate, seed = 7_777_777, 44
	load := patterns(aMillion()*3/100, rate, 1)["even"]
	for name, p := range bottlenecks(rate) {
		fates, err := observed(p, seed, 1, load)
		report(t, name, err)
		var times, arrivals []time.Duration
		var sizes []int
		for n, f := range fates {
			if f.drop == CauseNone {
				times, arrivals = append(times, f.out), append(arrivals, load[n].at)
				sizes = append(sizes, load[n].size+p.Overhead)
			}
		}
		row{"Rate and queue", p.String(), "no window holds more: " + name, seed}.judge(t, paced(times, sizes, rate))
		if p.Policer != (Policer{}) {
			row{"Rate and queue", p.String(), "no window passes more: " + name, seed}.judge(t, policed(arrivals, sizes, p.Policer))
		}
	}
}

// policed wants no window of time to hold more than rate and burst allow.
func policed(times []time.Duration, sizes []int, p Policer) finding {
	f := finding{n: len(times), expected: "at most " + formatSize(p.Burst), statistic: "exact"}
	var before, least, most float64 // bytes until then, less those the rate allows
	for i, at := range times {
		credit := before - math.Round(p.Rate)*float64(at)/8e9
		if i == 0 || credit < least {
			least = credit
		}
		credit += float64(sizes[i])
		before += float64(sizes[i])
		most = max(most, credit-least)
	}
	f.estimate = figure(most)
	if most > float64(p.Burst)+0.01 {
		f.wrong = fmt.Errorf("%.1f bytes more than the rate, want at most %d", most, p.Burst)
	}
	return f
}

// The comparison sees each of these mistakes.
func TestChecksCatchWrongQueues(t *testing.T) {
	const rate, seed = 7_777_777, 43
	kinds := bottlenecks(rate)
	for _, c := range []struct {
		mistake, kind string
		bugs          bug
		edit          func(*Profile)
	}{
		{"CoDel without re-entry", "codel", noReentry, nil},
		{"CoDel that counts late", "codel", lateCount, nil},
		{"RED without idle time", "red, packets", noIdleTime, nil},
		{"RED that does not spread", "red, packets", countIsStuck, nil},
		{"a burst one datagram too long", "policer", burstPlusOne, nil},
		{"overhead forgotten", "drop-tail, bytes", noBug, func(p *Profile) { p.Overhead = 0 }},
		{"a queue one place too long", "drop-tail, packets", noBug, func(p *Profile) { p.QueuePackets++ }},
		{"a queue that counts what is being sent", "drop-tail, packets", countsSending, nil},
		{"drop-tail for drop-head", "drop-head, packets", noBug, func(p *Profile) { p.Discipline = nil }},
		{"marking what cannot be marked", "codel, ecn", noBug, func(p *Profile) { p.ECN = false }},
	} {
		var err error
		loads := patterns(aMillion()/50, rate, 1)
		for _, pattern := range slices.Sorted(maps.Keys(loads)) {
			load := loads[pattern]
			wrong := kinds[c.kind]
			if c.edit != nil {
				c.edit(&wrong)
			}
			right, broken := observed(kinds[c.kind], seed, 1, load)
			if broken != nil {
				t.Fatal(broken)
			}
			err = cmp.Or(err, alike(right, refer(wrong, seed, load, c.bugs)).wrong)
		}
		wantCaught(t, c.mistake, err)
	}
}

// A link that is never idle carries its rate, to a tenth of a percent, however
// its queue is managed: overhead counted, and of a trace whatever it lets
// through.
func TestBusyLinkCarriesItsRate(t *testing.T) {
	const rate, seconds, seed = 7_777_777, 10, 46
	kinds := bottlenecks(rate)
	trace := kinds["codel"]
	trace.Rate, trace.LinkTrace = 0, mustTrace(t, "1\n1\n3\n7\n")
	for name, p := range map[string]Profile{
		"drop-head": kinds["drop-head, packets"], "codel": kinds["codel"], "red": kinds["red, packets"], "codel before a trace": trace,
	} {
		l := NewLink(seed, 0, Up, p)
		var load []arrival
		for _, a := range patterns(20_000, p.meanRate(), 1)["even"] { // ten percent too much
			load = append(load, a.arrival)
		}
		times, sizes := play(l, load)
		var sent float64
		n := 0
		for ; n < len(times) && times[n]-p.Delay <= seconds*time.Second; n++ {
			sent += float64(sizes[n]+p.Overhead) * 8
		}
		share := sent / (p.meanRate() * seconds)
		f := finding{n: n, estimate: figure(share), expected: "0.999 to 1", statistic: fmt.Sprintf("share of the rate over %d s", seconds)}
		if share < 0.999 || share > 1.0001 {
			f.wrong = fmt.Errorf("carried %.5f of the rate, want 0.999 to 1", share)
		}
		row{"Rate and queue", p.String(), "a busy link carries its rate: " + name, seed}.judge(t, f)
	}
}
