package lossy

import (
	"math"
	"reflect"
	"testing"
	"time"
)

func TestWilsonInterval(t *testing.T) {
	// The bounds p solve (p - share)^2 = z^2 p(1-p)/n; solved apart, as a quadratic
	// in 30 decimal digits.
	for _, c := range []struct{ share, n, z, low, high float64 }{
		{0.5, 100, 1.959964, 0.403832, 0.596168},
		{0, 10, 1.959964, 0, 0.277533},
		{1, 10, 1.959964, 0.722467, 1},
		{0.05, 1000, z99, 0.035025, 0.070907},
	} {
		low, high := wilson(c.share, c.n, c.z)
		if math.Abs(low-c.low) > 1e-5 || math.Abs(high-c.high) > 1e-5 {
			t.Errorf("wilson(%v of %v) = %.6f to %.6f, want %.6f to %.6f", c.share, c.n, low, high, c.low, c.high)
		}
	}
}

// The ends of an interval that are exact are so, whatever the number of trials,
// and a probability that was summed up is the one configured.
func TestIntervalsEndWhereTheyShould(t *testing.T) {
	for n := uint64(1); n < 1e7; n = n*3 + 1 {
		tally := Tally{Trials: n, Variance: 0.0475 * float64(n)}
		for range min(n, 1000) {
			tally.Expected += 0.05
		}
		tally.Expected *= float64(n) / float64(min(n, 1000))
		if e := tally.estimate(); e.Low != 0 || e.Configured != 0.05 {
			t.Errorf("none of %d: from %v, of %v; want from 0 and 0.05", n, e.Low, e.Configured)
		}
		tally.Events = n
		if e := tally.estimate(); e.High != 1 {
			t.Errorf("all of %d: up to %v, want 1", n, e.High)
		}
	}
}

// Where chance has no part the interval is the rate itself, and beside it what is
// chance keeps the width that it has.
func TestIntervalsAreAsWideAsChanceIs(t *testing.T) {
	sure := Profile{LossModel: modelFrom(t, "every:3")}
	l := NewLink(1, 0, Up, sure)
	send := func(n int) Estimate {
		for range n {
			l.Send(0, nil)
		}
		return l.Stats().Observed(ImpairmentLoss)
	}
	if e := send(1000); e.Events != 333 || e.Configured != 0.333 || e.Low != 0.333 || e.High != 0.333 || !e.Holds() {
		t.Errorf("every third of 1000: %+v, want 0.333 throughout", e)
	}
	l.stats.Tallies[ImpairmentLoss].Events++
	if e := l.Stats().Observed(ImpairmentLoss); e.Holds() {
		t.Errorf("one loss too many is not noticed: %+v", e)
	}
	l.stats.Tallies[ImpairmentLoss].Events--
	l.SetProfile(Profile{Loss: 0.5})
	send(1000)
	l.SetProfile(Profile{LossModel: modelFrom(t, "list:0")})
	e := send(98_000)
	if half := (e.High - e.Low) / 2; math.Abs(half/(z99*math.Sqrt(1000*0.25)/100_000)-1) > 0.05 || !e.Holds() {
		t.Errorf("%+v: an interval of ±%v, want that of 1000 packets at 50%%", e, half)
	}
}

func TestEstimateOfNothingSaysNothing(t *testing.T) {
	for _, i := range Impairments() {
		e := Stats{}.Observed(i)
		if want := (Estimate{High: 1}); e != want || !e.Holds() {
			t.Errorf("%v: %+v, want an interval from 0 to 1", i, e)
		}
	}
}

// Packets that were exposed to different profiles are judged by what was
// expected of each.
func TestEstimateFollowsChangesOfProfile(t *testing.T) {
	l := NewLink(1, 0, Up, Profile{Loss: 0.5})
	for i := range 40_000 {
		switch i {
		case 10_000:
			l.SetProfile(Profile{Loss: 0.1})
		case 20_000:
			l.SetProfile(Profile{}) // these are not exposed
		}
		l.Send(0, nil)
	}
	e := l.Stats().Observed(ImpairmentLoss)
	if e.Trials != 20_000 || math.Abs(e.Configured-0.3) > 1e-9 || !e.Holds() {
		t.Errorf("%+v, want 20000 trials at 0.3 on the average, which the interval holds", e)
	}
}

func TestEstimateOfEachImpairment(t *testing.T) {
	l := NewLink(3, 0, Down, Profile{Loss: 0.1, Duplicate: 0.2, Corrupt: 0.3, Reorder: 0.4})
	for range 20_000 {
		l.Send(0, []byte("x"))
	}
	s := l.Stats()
	kept := s.PacketsIn - s.Dropped[CauseLoss]
	for _, c := range []struct {
		impairment     Impairment
		configured     float64
		trials, events uint64
	}{
		{ImpairmentLoss, 0.1, s.PacketsIn, s.Dropped[CauseLoss]},
		{ImpairmentDuplicate, 0.2, kept, s.Duplicated},
		{ImpairmentCorrupt, 0.3, kept, s.Corrupted},
		{ImpairmentReorder, 0.4, kept, s.Displaced},
	} {
		e := s.Observed(c.impairment)
		if e.Trials != c.trials || e.Events != c.events || math.Abs(e.Configured-c.configured) > 1e-9 || !e.Holds() {
			t.Errorf("%v: %+v, want %d of %d at %v", c.impairment, e, c.events, c.trials, c.configured)
		}
		if e.Low >= e.Observed || e.High <= e.Observed {
			t.Errorf("%v: %+v, want the observed rate inside its interval", c.impairment, e)
		}
	}
}

// The policer comes behind damage and copies: those hit are counted before it, and
// those corrupted and displaced are of what it lets in.
func TestCountsBeforeAndBehindThePolicer(t *testing.T) {
	l := NewLink(3, 0, Up, Profile{Duplicate: 0.2, Corrupt: 0.5, Reorder: 0.3, Policer: Policer{Rate: 1e6, Burst: 3000}})
	var in, damaged, displaced, copies, hit uint64
	l.SetTrace(func(_ time.Duration, _ int, v Verdict) {
		if v.Drop == CauseNone {
			in++
			damaged += uint64(digit(v.Corrupt))
			displaced += uint64(digit(v.By > 0))
		}
	})
	model := NewModel(3, 0, Up, l.Profile())
	for range 1000 {
		v := model.Decide(100)
		copies += uint64(v.Copies - 1)
		hit += uint64(digit(v.Corrupt))
		l.Send(0, make([]byte, 100))
	}
	s := l.Stats()
	if in == 0 || in == 1000 || damaged == 0 || s.Corrupted != damaged || s.Displaced != displaced {
		t.Errorf("of %d let in %d corrupted, %d displaced, want %d and %d", in, s.Corrupted, s.Displaced, damaged, displaced)
	}
	if got := s.Observed(ImpairmentCorrupt).Events; got != hit || s.Duplicated != copies {
		t.Errorf("%d hit and %d copies made, want %d and %d", got, s.Duplicated, hit, copies)
	}
}

// Add must add every field there is, also those added later.
func TestAddAddsEveryField(t *testing.T) {
	var one Stats
	fill(reflect.ValueOf(&one).Elem(), 1)
	var want Stats
	fill(reflect.ValueOf(&want).Elem(), 2)
	got := one
	got.Add(one)
	if got != want {
		t.Errorf("1 + 1 in every field gives %+v", got)
	}
}

func fill(v reflect.Value, n int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Uint64:
		v.SetUint(uint64(n))
	case reflect.Float64:
		v.SetFloat(float64(n))
	default:
		panic("BUG: a kind of field this test does not know: " + v.Kind().String())
	}
}

func TestNamesAreThoseOfTheMetrics(t *testing.T) {
	var got []string
	for _, c := range Causes() {
		got = append(got, c.String())
	}
	for _, i := range Impairments() {
		got = append(got, i.String())
	}
	got = append(got, CauseNone.String(), Up.String(), Down.String())
	want := []string{"loss", "queue", "blackout", "overload", "aqm", "policer", "mtu", "rule", "loss", "duplicate", "corrupt", "reorder", "none", "up", "down"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
	if len(Causes()) != int(causeCount)-1 || len(Impairments()) != int(impairmentCount) {
		t.Error("Causes or Impairments leaves one out")
	}
}
