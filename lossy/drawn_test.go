package lossy

import (
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
	} {
		p := Profile{Delay: 40 * time.Millisecond, Jitter: 8 * time.Millisecond, Distribution: c.law}
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
