package presets

import (
	"math"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/lossy/scenario"
)

// Every timeline can be played over its own network, and only timelines say
// that a preset has one.
func TestTimelinesArePlayable(t *testing.T) {
	found := 0
	for _, p := range All() {
		s, err := p.Timeline()
		if err != nil || (s == nil) != (p.Scenario == nil) {
			t.Errorf("%s: %v, %v", p.Name, s, err)
			continue
		}
		if s == nil {
			continue
		}
		found++
		setup := mustSetup(t, p.Name)
		if _, err := s.Start(lossy.Config{Up: setup.Up, Down: setup.Down}); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if s.Name() != p.Name && s.Name() != "rebind" {
			t.Errorf("%s: its scenario is called %s", p.Name, s.Name())
		}
	}
	if found != 6 {
		t.Errorf("%d timelines, want 6", found)
	}
	p := Preset{Name: "x", Scenario: []byte(`{"steps": [{"for": "1s", "colour": 1}]}`)}
	if _, err := p.Timeline(); err == nil || !strings.Contains(err.Error(), "preset x: scenario: ") {
		t.Errorf("%v", err)
	}
}

// capacitiesOf is what RFC 8867 has, as typed from its re-implementation: for
// each way the seconds from which a rate in kbit/s holds, and the end.
var capacitiesOf = map[string]struct {
	up, down map[int]float64
	end      int
}{
	"rfc8867-5.1": {
		up:   map[int]float64{0: 1000, 40: 2500, 60: 600, 80: 1000},
		down: map[int]float64{0: 1000, 40: 2500, 60: 600, 80: 1000}, end: 100,
	},
	"rfc8867-5.2": {
		up:   map[int]float64{0: 2000, 25: 1000, 50: 1750, 75: 500, 100: 1000},
		down: map[int]float64{0: 2000, 25: 1000, 50: 1750, 75: 500, 100: 1000}, end: 125,
	},
	"rfc8867-5.3": {
		up:   map[int]float64{0: 2000, 20: 1000, 40: 500, 60: 2000},
		down: map[int]float64{0: 2000, 35: 800, 70: 2000}, end: 100,
	},
	"leo-handover": {
		up:   map[int]float64{0: 18e3, 15: 9e3, 30: 15e3, 45: 12e3, 60: 18e3, 75: 9e3},
		down: map[int]float64{0: 180e3, 15: 90e3, 30: 150e3, 45: 110e3, 60: 180e3, 75: 90e3}, end: 90,
	},
}

func TestTimelinesHaveTheirCapacities(t *testing.T) {
	for name, want := range capacitiesOf {
		p, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := p.Timeline()
		if err != nil {
			t.Fatal(err)
		}
		if length, ends := s.Length(); strings.HasPrefix(name, "rfc") && (!ends || length != time.Duration(want.end)*time.Second) {
			t.Errorf("%s takes %v, want %d s", name, length, want.end)
		}
		setup := mustSetup(t, name)
		up, down := lossy.NewLink(1, 0, lossy.Up, setup.Up), lossy.NewLink(1, 0, lossy.Down, setup.Down)
		links, err := scenario.PlayLinks(s, 0, up, down, nil)
		if err != nil {
			t.Fatal(err)
		}
		var rateUp, rateDown float64
		for second := range want.end {
			links.Advance(time.Duration(second) * time.Second)
			if r, set := want.up[second]; set {
				rateUp = r * 1000
			}
			if r, set := want.down[second]; set {
				rateDown = r * 1000
			}
			if up.Profile().Rate != rateUp || down.Profile().Rate != rateDown {
				t.Fatalf("%s after %d s: up %v, down %v; want %v, %v", name, second, up.Profile().Rate, down.Profile().Rate, rateUp, rateDown)
			}
		}
		if strings.HasPrefix(name, "rfc") && (setup.Up.Delay != 50*time.Millisecond || setup.Down.Queue != 300*time.Millisecond || setup.Up.Jitter != 15*time.Millisecond) {
			t.Errorf("%s: %+v", name, setup)
		}
	}
}

// A flow that offers too much through the timeline of 5.1 gets the capacity of
// each of its phases.
func TestMeasuredTimeline(t *testing.T) {
	p, err := Find("rfc8867-5.1")
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Timeline()
	if err != nil {
		t.Fatal(err)
	}
	setup := mustSetup(t, p.Name)
	up, down := lossy.NewLink(5, 0, lossy.Up, setup.Up), lossy.NewLink(5, 0, lossy.Down, setup.Down)
	links, err := scenario.PlayLinks(s, 0, up, down, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, bits := make([]byte, 972), [10]float64{} // with its headers 1000 bytes, of each ten seconds
	var buf []byte
	for now := time.Duration(0); now < 100*time.Second; now += 2 * time.Millisecond { // 4 Mbit/s
		links.Advance(now)
		for {
			var more bool
			if buf, more = up.Receive(now, buf[:0]); !more {
				break
			}
			bits[now/(10*time.Second)] += 8000
		}
		up.Send(now, payload)
	}
	before := 0.0
	for i, kbit := range []float64{1000, 1000, 1000, 1000, 2500, 2500, 600, 600, 1000, 1000} {
		got, want := bits[i]/10/1000, kbit
		if i > 0 { // what was on its way for 50 ms has the rate before, and what waited in the queue the new one
			want = (9.95*kbit + 0.05*before) / 10
		}
		if math.Abs(got-want) > 0.02*want {
			t.Errorf("seconds %d to %d: %.0f kbit/s, want %.0f", 10*i, 10*i+10, got, want)
		}
		before = kbit
	}
}
