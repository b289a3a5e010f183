package scenario

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"udplab/lossy"
)

// drawSteps invents a list of steps; endless says whether its last may go on for
// ever.
func drawSteps(t *rapid.T, depth int, endless bool) []map[string]any {
	ms := func(name string, low, high int) string {
		return fmt.Sprintf("%dms", rapid.IntRange(low, high).Draw(t, name))
	}
	percent := func(name string) string { return fmt.Sprintf("%d%%", rapid.IntRange(0, 100).Draw(t, name)) }
	steps := make([]map[string]any, rapid.IntRange(1, 3).Draw(t, "steps"))
	for i := range steps {
		s := map[string]any{}
		kinds := 6
		if depth == 0 {
			kinds = 5
		}
		switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
		case 0:
			s["set"] = map[string]any{"loss": percent("loss")}
		case 1:
			s["ramp"] = map[string]any{"loss": percent("to"), "up": map[string]any{"delay": ms("delay", 0, 99)}}
		case 2:
			s["wave"] = map[string]any{"down": map[string]any{"duplicate": map[string]any{
				"shape": rapid.SampledFrom([]string{"sine", "saw", "square", "triangle"}).Draw(t, "shape"),
				"low":   "0%", "high": percent("high"), "period": ms("period", 2, 300)}}}
			s["resolution"] = ms("resolution", 7, 50)
		case 3:
			s["mark"] = "m"
		case 4:
			s["reset"] = true
		case 5:
			s["loop"] = rapid.IntRange(1, 3).Draw(t, "times")
			s["steps"] = append(drawSteps(t, depth-1, false), map[string]any{"mark": "l", "for": ms("tail", 1, 30)})
			if endless && i == len(steps)-1 {
				s["loop"] = "forever"
			}
			if rapid.Bool().Draw(t, "cut") {
				s["steps"] = append([]map[string]any{{"mark": "f"}}, s["steps"].([]map[string]any)...)
				s["for"] = ms("cut", 1, 500)
			}
			steps[i] = s
			continue
		}
		_, ramps := s["ramp"]
		_, waves := s["wave"]
		if ramps || waves || rapid.Bool().Draw(t, "hold") {
			s["for"] = ms("for", 1, 400)
		}
		steps[i] = s
	}
	return steps
}

func drawScenario(t *rapid.T) string {
	s := map[string]any{"resolution": "20ms", "steps": drawSteps(t, 2, true)}
	if rapid.Bool().Draw(t, "until") {
		s["until"] = fmt.Sprintf("%dms", rapid.IntRange(0, 2000).Draw(t, "end"))
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// moment is when a step does something.
type moment struct {
	at   time.Duration
	step string
}

// unroll is the naive reading of a list: every repetition written out, until the
// horizon. It returns when the list ends.
func unroll(to *[]moment, l *list, begun, cut, horizon time.Duration) {
	for i := range l.steps {
		s := &l.steps[i]
		begin := begun + s.begin
		if begin >= cut || begin > horizon {
			return
		}
		if s.loop != nil {
			stop := cut
			if s.loop.cut {
				stop = min(stop, begin+s.hold)
			}
			for n := int64(0); s.loop.times == 0 || n < s.loop.times; n++ {
				if at := begin + time.Duration(n)*s.loop.body.length; at < stop && at <= horizon {
					unroll(to, &s.loop.body, at, stop, horizon)
				} else {
					break
				}
			}
			continue
		}
		for offset, more := time.Duration(0), s.acts(); more; offset, more = s.next(offset) {
			if begin+offset <= cut && begin+offset <= horizon {
				*to = append(*to, moment{begin + offset, s.path})
			}
		}
	}
}

// The player does what a list written out by hand would, however often it is asked;
// whatever Start let through is valid at every moment; and the same changes leave
// the same settings.
func TestPlayerIsTheListWrittenOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawScenario(t)
		s, err := Parse([]byte(text))
		if err != nil {
			t.Skip(err) // such as a cut before anything changes
		}
		const horizon = 3 * time.Second
		var want []moment
		cut := never
		if end := s.end(); end < s.steps.length {
			cut = end
		}
		unroll(&want, &s.steps, 0, cut, horizon)
		if end := s.end(); end <= horizon {
			want = append(want, moment{end, ""})
		}
		base := lossy.Config{Up: lossy.Profile{Loss: 0.25}}
		play := func(times []time.Duration) ([]moment, lossy.Config) {
			p, err := s.Start(base)
			if err != nil {
				t.Fatalf("%v\nin %s", err, text)
			}
			var got []moment
			cfg := base
			for _, now := range times {
				for {
					next, more := p.Next()
					c, ok := p.Take(now)
					if !ok {
						if more && next <= now {
							t.Fatalf("Next is %v, at %v nothing is due", next, now)
						}
						break
					}
					if next != c.At {
						t.Fatalf("Next is %v, the change is of %v", next, c.At)
					}
					if err := c.Apply(&cfg); err != nil {
						t.Fatal(err)
					}
					if err := cfg.Validate(); err != nil {
						t.Fatal(err)
					}
					if cfg != p.planned {
						t.Fatalf("at %v the settings are %+v, planned %+v", c.At, cfg, p.planned)
					}
					got = append(got, moment{c.At, c.Step})
				}
			}
			return got, cfg
		}
		var times []time.Duration
		for range rapid.IntRange(0, 20).Draw(t, "calls") {
			times = append(times, time.Duration(rapid.IntRange(0, 3000).Draw(t, "at"))*time.Millisecond)
		}
		slices.Sort(times)
		chopped, one := play(append(times, horizon))
		whole, other := play([]time.Duration{horizon})
		if !slices.Equal(chopped, want) || !slices.Equal(whole, want) {
			t.Fatalf("%s\ngot  %v\n or  %v\nwant %v", text, chopped, whole, want)
		}
		if one != other {
			t.Fatalf("%s\nsettings %+v and %+v", text, one, other)
		}
	})
}

// Whoever comes late by a day finds the settings of now, and every change in order.
func TestCatchingUp(t *testing.T) {
	p := mustStart(t, `{"steps": [{"loop": "forever", "steps": [{"ramp": {"loss": {"from": "0%", "to": "50%"}}, "for": "10s"}]}]}`, lossy.Config{})
	var cfg lossy.Config
	late := 24*time.Hour + 5*time.Second
	n := 0
	for last := time.Duration(0); ; n++ {
		c, ok := p.Take(late)
		if !ok {
			break
		}
		if c.At < last {
			t.Fatalf("%v after %v", c.At, last)
		}
		last = c.At
		if err := c.Apply(&cfg); err != nil {
			t.Fatal(err)
		}
	}
	if want := 24*360*101 + 51; n != want {
		t.Errorf("%d changes, want %d", n, want)
	}
	if cfg.Up.Loss != 0.25 {
		t.Errorf("loss %v, want that of halfway", cfg.Up.Loss)
	}
}
