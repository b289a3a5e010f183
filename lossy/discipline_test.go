package lossy

import (
	"strings"
	"testing"
	"time"
)

// Every form of a queue, a discipline, a policer and a size reads as it should
// and is written so that it reads the same again.
func TestParseDiscipline(t *testing.T) {
	for text, want := range map[string]Discipline{
		"drop-tail":                              nil,
		"drop-head":                              DropHead{},
		"codel":                                  CoDel{5 * time.Millisecond, 100 * time.Millisecond},
		"codel:target=1ms":                       CoDel{time.Millisecond, 100 * time.Millisecond},
		" codel : target = 1ms , interval=20ms ": CoDel{time.Millisecond, 20 * time.Millisecond},
		"red":                                    RED{5, 15, false, 0.02, 0.002},
		"red:min=1p,max=2packets":                RED{1, 2, false, 0.02, 0.002},
		"red:min=30KiB,max=90KiB,p=0.1,weight=1": RED{30 << 10, 90 << 10, true, 0.1, 1},
	} {
		got, err := ParseDiscipline(text)
		if err != nil || got != want {
			t.Errorf("ParseDiscipline(%q) = %v, %v, want %v", text, got, err, want)
		}
		if back, err := ParseDiscipline(FormatDiscipline(got)); err != nil || back != want {
			t.Errorf("%q is written %q, which reads as %v, %v", text, FormatDiscipline(got), back, err)
		}
	}
	for text, hint := range map[string]string{
		"":                        "choose drop-tail, drop-head, codel or red",
		"fq_codel":                "choose drop-tail, drop-head, codel or red",
		"drop-head:5":             "drop-head takes nothing besides its name",
		"codel:5ms":               "\"5ms\" is the value of what? codel takes target, interval",
		"codel:target=5":          "has no unit",
		"codel:target=0s":         "target 0s: must be above 0",
		"codel:interval=2h":       "interval 2h0m0s: must be above 0 and at most 1h",
		"red:min=5packets,max=5p": "want 1 <= min < max",
		"red:min=5p,max=9KiB":     "min and max must both be in packets or both in bytes",
		"red:max=70000000p":       "min < max <= 1048576",
		"red:p=0%":                "p 0: must be above 0",
		"red:weight=1.5":          "weight 1.5: must be above 0",
		"red:min=0p":              "not a number of packets",
		"red:weight=NaN":          "not a number",
	} {
		if got, err := ParseDiscipline(text); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("ParseDiscipline(%q) = %v, %v, want an error with %q", text, got, err, hint)
		}
	}
}

func TestSetQueue(t *testing.T) {
	for text, want := range map[string]Profile{
		"0":           {},
		"0s":          {},
		"100ms":       {Queue: 100 * time.Millisecond},
		"50p":         {QueuePackets: 50},
		"1packet":     {QueuePackets: 1},
		" 7 packets ": {QueuePackets: 7},
		"64KiB":       {QueueBytes: 64 << 10},
		"1500B":       {QueueBytes: 1500},
		"1GiB":        {QueueBytes: MaxQueueBytes},
	} {
		p := Profile{Queue: 1, QueuePackets: 2, QueueBytes: 3} // all of which it replaces
		if err := p.SetQueue(text); err != nil || p != want {
			t.Errorf("SetQueue(%q) makes %+v, %v, want %+v", text, p, err, want)
		}
		back := p
		if err := back.SetQueue(p.FormatQueue()); err != nil || back != p {
			t.Errorf("%q is written %q, which reads as %+v, %v", text, p.FormatQueue(), back, err)
		}
	}
	for text, hint := range map[string]string{
		"50":        "has no unit: write it like 50ms or 50s, or a queue in packets or bytes like 50packets or 64KiB",
		"0p":        "not a number of packets",
		"-1packets": "not a number of packets",
		"2GiB":      "a size is at most 1GiB",
		"KiB":       "not a size",
		"full":      "not a duration",
		"-1ms":      "cannot be negative",
	} {
		p := Profile{Queue: 1}
		if err := p.SetQueue(text); err == nil || !strings.Contains(err.Error(), hint) || p != (Profile{Queue: 1}) {
			t.Errorf("SetQueue(%q): %v, makes %+v, want an error with %q and no change", text, err, p, hint)
		}
	}
}

func TestParsePolicer(t *testing.T) {
	for text, want := range map[string]Policer{
		"none":                      {},
		"rate=10mbit,burst=64KiB":   {10e6, 64 << 10},
		"burst=1MB, rate=1.5gbit/s": {1.5e9, 1e6},
	} {
		got, err := ParsePolicer(text)
		if err != nil || got != want {
			t.Errorf("ParsePolicer(%q) = %v, %v, want %v", text, got, err, want)
		}
		if back, err := ParsePolicer(got.String()); err != nil || back != want {
			t.Errorf("%q is written %q, which reads as %v, %v", text, got, back, err)
		}
	}
	for text, hint := range map[string]string{
		"":                               "has no value",
		"rate=10mbit":                    "lacks burst",
		"burst=64KiB":                    "lacks rate",
		"1mbit":                          `"1mbit" lacks rate: write it like rate=10mbit,burst=64KiB, or none`,
		"rate=0,burst=64KiB":             "rate 0: must be between",
		"rate=1mbit,burst=0":             "burst 0: must be between 1",
		"rate=1mbit,burst=9000":          `"9000" has no unit: write it like 9000B or 9000KiB`,
		"rate=1mbit,burst=9000B,p=5%":    "policer takes no p, only rate, burst",
		"rate=1mbit,burst=9B,rate=2mbit": "gives rate twice",
	} {
		if got, err := ParsePolicer(text); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("ParsePolicer(%q) = %v, %v, want an error with %q", text, got, err, hint)
		}
	}
}

func TestValidateBottleneck(t *testing.T) {
	trace := &LinkTrace{"lte", []uint32{1}}
	for want, p := range map[string]Profile{
		"overhead -1: must be between 0 and 1024":             {Overhead: -1},
		"rate 1mbit: the link has a trace (lte)":              {Rate: 1e6, LinkTrace: trace},
		"queue -1 packets: must be between 1 and 1048576":     {QueuePackets: -1},
		"queue 1073741825 bytes: must be between 1":           {QueueBytes: MaxQueueBytes + 1},
		"a queue has one limit, in time, packets or bytes":    {Queue: 1, QueueBytes: 1},
		"queue-discipline: codel: target 0s: must be above 0": {Discipline: CoDel{}},
		"queue-discipline: red: min 0, max 0":                 {Discipline: RED{}},
		"policer: burst 0: must be between 1":                 {Policer: Policer{Rate: 1e6}},
		"policer: rate 10: must be between 1kbit":             {Policer: Policer{10, 10}},
	} {
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error with %q", p, err, want)
		}
	}
	for want, p := range map[string]Profile{
		"rate 10mbit queue 50packets codel:target=5ms,interval=100ms ecn overhead 28 bytes shared": {
			Rate: 10e6, QueuePackets: 50, Discipline: CoDel{codelTarget, codelInterval}, ECN: true, Overhead: 28, SharedBottleneck: true},
		"link trace lte queue 1000packets":                         {LinkTrace: trace},
		"link trace lte queue 64KiB drop-head":                     {LinkTrace: trace, QueueBytes: 64 << 10, Discipline: DropHead{}},
		"policer rate=1mbit,burst=1500B, rate 2mbit queue 1packet": {Policer: Policer{1e6, 1500}, Rate: 2e6, QueuePackets: 1},
		"perfect": {Discipline: DropHead{}, ECN: true, SharedBottleneck: true, QueueBytes: 5, Overhead: 1}, // nothing queues
	} {
		if err := p.Validate(); err != nil || p.String() != want {
			t.Errorf("String() = %q, %v, want %q", p.String(), err, want)
		}
	}
}

// ECN: what is capable comes out marked, what is not is dropped, and the
// codepoint of what is neither stays as it was, on every copy.
func TestMarksComeOut(t *testing.T) {
	for _, discipline := range []Discipline{CoDel{time.Millisecond, 5 * time.Millisecond}, RED{1, 200, false, 0.5, 1}} {
		l := NewLink(1, 0, Up, Profile{Rate: 8e6, QueuePackets: 100, Discipline: discipline, ECN: true, Duplicate: 0.1, Delay: time.Millisecond})
		marked := map[ECN]int{}
		var sent, came [4]int
		var verdicts int
		l.SetTrace(func(_ time.Duration, _ int, v Verdict) { verdicts += digit(v.Marked) })
		now := time.Duration(0)
		receive := func(until time.Duration) {
			for {
				if _, ok := l.Receive(until, nil); !ok {
					return
				}
				before := ECN(l.Tag())
				came[before]++
				if after := l.Mark(); after != before {
					if after != CE {
						t.Fatalf("%v became %v", before, after)
					}
					marked[before]++
				}
			}
		}
		for i := range 20_000 {
			mark := ECN(i % 4)
			sent[mark]++
			l.SendMarked(now, make([]byte, 1000), uint64(mark), mark)
			now += 900 * time.Microsecond
			receive(now)
		}
		receive(never)
		s := l.Stats()
		if marked[NotECT] != 0 || marked[ECT0] == 0 || marked[ECT1] == 0 {
			t.Errorf("%v: marked %v, want of ECT(0) and ECT(1) only", discipline, marked)
		}
		if came[NotECT] >= came[ECT0] || s.Dropped[CauseAQM] == 0 {
			t.Errorf("%v: %v came of %v, dropped %v", discipline, came, sent, s.Dropped)
		}
		if changed := marked[ECT0] + marked[ECT1]; s.Marked < uint64(changed) || verdicts == 0 || uint64(verdicts) > s.Marked {
			t.Errorf("%v: %d marked, of which %d were not before, and %d verdicts say so", discipline, s.Marked, changed, verdicts)
		}
	}
	for mark, want := range map[ECN]string{NotECT: "Not-ECT", ECT0: "ECT(0)", ECT1: "ECT(1)", CE: "CE", 7: "ECN 7"} {
		if mark.String() != want {
			t.Errorf("%d is called %q, want %q", mark, mark, want)
		}
	}
}
