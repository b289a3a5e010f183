package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
)

// Every fate is written as it is read.
func TestFatesAreReadAsWritten(t *testing.T) {
	var all []Fate
	for _, kind := range []FateKind{Deliver, Drop, Duplicate, Delay, Corrupt} {
		for _, by := range []time.Duration{0, 1, 1500 * time.Microsecond} {
			for _, again := range []time.Duration{0, time.Second} {
				f := Fate{Kind: kind, By: by, Again: again}
				if kind != Duplicate && again > 0 || kind == Drop && by > 0 {
					continue // says nothing
				}
				all = append(all, f, f, f)
				if kind != Drop {
					f.Place = 3
					all = append(all, f)
				}
			}
		}
	}
	text := formatFates(all)
	got, err := parseFates(strings.Fields(text))
	if err != nil || !slices.Equal(got, all) {
		t.Errorf("%s\nis read as %v, %v\nwant %v", text, got, err, all)
	}
}

// What a fate says happens when it says.
func TestWhenFatesArrive(t *testing.T) {
	const ms = time.Millisecond
	for text, want := range map[string][]time.Duration{
		"deliver":                    {20 * ms},
		"drop":                       nil,
		"delay=30ms":                 {50 * ms},
		"duplicate":                  {20 * ms, 20 * ms},
		"duplicate=5ms":              {20 * ms, 25 * ms},
		"duplicate=5ms+delay=30ms":   {50 * ms, 55 * ms},
		"corrupt+delay=30ms":         {50 * ms},
		"deliver+delay=10ms":         {30 * ms},
		"deliver*1":                  {20 * ms},
		"duplicate=5ms+delay=30ms*1": {50 * ms, 55 * ms},
	} {
		w, a, b := pairWorld(1, arq.Config{})
		fates, err := parseFates(strings.Fields(text))
		if err != nil {
			t.Fatal(err)
		}
		a.SetFates(b, fates...)
		var got []time.Duration
		w.Observe = func(o Observation) {
			if o.Node == b && (o.Kind == Received || o.Kind == Rejected) {
				got = append(got, o.At)
			}
		}
		w.Path(b, a).SetDown(true)
		a.Inject(b, []byte("no packet"))
		w.Run(time.Second)
		if !slices.Equal(got, want) {
			t.Errorf("%s: arrives at %v, want %v", text, got, want)
		}
	}
}

// After Heal what was to be lost passes, and what was to be late still is.
func TestHealLeavesOnlyDelay(t *testing.T) {
	w, a, b := pairWorld(1, arq.Config{})
	w.Path(a, b).SetProfile(lossy.Profile{Loss: 1, Delay: 20 * time.Millisecond, Jitter: 5 * time.Millisecond})
	w.Path(a, b).SetDown(true)
	a.SetFates(b, Fate{Kind: Drop}, Fate{Kind: Corrupt}, Fate{Kind: Delay, By: time.Second})
	b.ManualRead = true
	b.Pause()
	w.Heal()
	var got []time.Duration
	w.Observe = func(o Observation) {
		if o.Kind == Rejected {
			got = append(got, o.At)
		}
	}
	for range 4 {
		a.Inject(b, []byte("no packet"))
	}
	w.Run(2 * time.Second)
	const ms = time.Millisecond
	if want := []time.Duration{15 * ms, 15 * ms, 15 * ms, 1015 * ms}; !slices.Equal(got, want) {
		t.Errorf("arrives at %v, want %v", got, want)
	}
}
