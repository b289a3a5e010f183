package lossy

import (
	"math"
	"testing"
	"time"
)

// The delays that a link draws are those that their law promises, and a delay or
// a jitter that is off by one in a hundred is told from them.
func TestObservedDelays(t *testing.T) {
	const packets = 200_000
	for _, c := range []struct {
		law   Distribution
		names []string
	}{
		{nil, []string{"mean", "sd"}},
		{NormalDelay{}, []string{"mean", "sd"}},
		{LogNormalDelay{}, []string{"mean", "sd"}},
		{ParetoDelay{}, []string{"mean"}},
		{ParetoNormalDelay{}, []string{"mean"}},
		{netemTable("netem-pareto"), []string{"mean", "sd"}},
		{delaysFrom(t, "table:f", "-8192 -8000 -10 0 3 700 12000"), []string{"mean", "sd"}},
		{delaysFrom(t, "cdf:f", "2ms 0.2\n3ms 0.2\n3ms 0.5\n9ms 0.9\n12ms 1"), []string{"mean", "sd"}},
	} {
		p := Profile{Delay: 40 * time.Millisecond, Jitter: 8 * time.Millisecond, Distribution: c.law}
		if hasDelays(c.law) {
			p.Jitter = 0
		}
		l := NewLink(5, 0, Up, p)
		for range packets {
			l.Send(0, nil)
			l.Receive(0, nil)
		}
		estimates := l.Stats().ObservedDelays()
		if len(estimates) != len(c.names) {
			t.Errorf("%v: %d estimates, want %d", c.law, len(estimates), len(c.names))
			continue
		}
		for i, e := range estimates {
			if e.Name != c.names[i] || e.Packets != packets || !e.Holds() || e.Observed <= e.Low || e.Observed >= e.High {
				t.Errorf("%v: %+v", c.law, e)
			}
			e.Configured += e.Configured / 100
			if e.Holds() {
				t.Errorf("%v: %s of 1.01 times what it is would not be noticed: %+v", c.law, e.Name, e)
			}
		}
	}
}

// What is sent at once has no delay to be judged.
func TestObservedDelaysLeaveOutWhatIsSentAtOnce(t *testing.T) {
	l := NewLink(1, 0, Up, Profile{Delay: 20 * time.Millisecond, Jitter: 5 * time.Millisecond, Reorder: 0.2, ReorderGap: 3})
	for range 1500 {
		l.Send(0, nil)
	}
	s := l.Stats()
	atOnce := s.Tallies[ImpairmentReorder].Events
	got := s.ObservedDelays()
	if len(got) != 2 || atOnce == 0 || got[0].Packets != 1500-atOnce || !got[0].Holds() || !got[1].Holds() {
		t.Errorf("%+v, with %d of 1500 packets sent at once", got, atOnce)
	}
}

// The moments of laws that files have are those of all the delays they may draw.
func TestMomentsOfFiles(t *testing.T) {
	of := func(values []float64) (m moments) {
		n, fourth := float64(len(values)), 0.0
		for _, x := range values {
			m.mean += x / n
		}
		for _, x := range values {
			m.variance += square(x-m.mean) / n
			fourth += square(square(x-m.mean)) / n
		}
		m.fourth = fourth - square(m.variance)
		return m
	}
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-12*(1+math.Abs(b)) }
	alike := func(a, b moments) bool {
		return near(a.mean, b.mean) && near(a.variance, b.variance) && near(a.fourth, b.fourth)
	}
	cdf := delaysFrom(t, "cdf:f", "2ns 0.2\n5ns 0.5\n5ns 0.6\n9ns 1").(DelayCDF)
	if want := of([]float64{2, 2, 2, 3, 4, 5, 5, 6, 7, 8}); !alike(*cdf.expect(&Profile{}), want) {
		t.Errorf("the points promise %+v, want %+v", cdf.promises, want)
	}
	table := delaysFrom(t, "table:f", "-4 -3 -3 32767").(DelayTable)
	if want := of([]float64{-4, -3, -3, 32767}); !alike(table.promises.moments, want) {
		t.Errorf("the table promises %+v, want %+v", table.promises.moments, want)
	}
	for what, p := range map[string]Profile{
		"one delay":              {Distribution: delaysFrom(t, "cdf:f", "3ms 0.1\n3ms 0.4\n3ms 1")},
		"points beyond the most": {Distribution: cdf, Delay: MaxDelay},
		"a trace":                {Distribution: delaysFrom(t, "trace:f", "1ms 2ms")},
		"one sample":             {Distribution: delaysFrom(t, "table:f", "7 7 7"), Delay: 40e6, Jitter: 10e6},
		"cut at zero":            {Distribution: table, Delay: 1e3, Jitter: 1e7},
		"beyond the most":        {Distribution: table, Delay: MaxDelay, Jitter: 1e7},
		"nanoseconds":            {Distribution: table, Delay: 1e6, Jitter: 1e3},
		"netem's arithmetic":     {Distribution: table, Delay: 40e6, Jitter: 1e6, Netem: NetemCompat{On: true}},
	} {
		if m := expectDelay(&p); m != nil {
			t.Errorf("%s: %+v is promised", what, m)
		}
	}
}

// What promises nothing is not judged, nor are a few packets, and a change of
// profile does not mix up what was promised.
func TestObservedDelaysAreThoseWithAPromise(t *testing.T) {
	uniform := Profile{Delay: 40 * time.Millisecond, Jitter: 8 * time.Millisecond}
	cut := Profile{Delay: 8 * time.Millisecond, Jitter: 8 * time.Millisecond, Distribution: NormalDelay{}}
	l := NewLink(6, 0, Up, Profile{Delay: time.Millisecond})
	send := func(n int) {
		for range n {
			l.Send(0, nil)
			l.Receive(0, nil)
		}
	}
	send(1000) // a fixed delay is no matter of chance
	l.SetProfile(cut)
	send(1000)
	l.SetProfile(uniform)
	send(enoughDelays - 1)
	if got := l.Stats().ObservedDelays(); got != nil {
		t.Errorf("%+v of fewer packets than it takes", got)
	}
	send(10_001 - enoughDelays)
	l.SetProfile(Profile{Delay: 20 * time.Millisecond, Jitter: 4 * time.Millisecond})
	send(10_000)
	got := l.Stats().ObservedDelays()
	if len(got) != 2 || got[0].Packets != 20_000 || got[0].Configured != 30*time.Millisecond || !got[0].Holds() || !got[1].Holds() {
		t.Errorf("%+v, want 20000 packets at 30 ms on the average, which the intervals hold", got)
	}
}
