package scenario

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// The example of the package doc is a scenario, and comes back out as it is.
func TestTheExampleOfTheDoc(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "//\t{\n")
	example, _, found := strings.Cut(rest, "\n//\t}\n")
	if !found {
		t.Fatal("the doc has no example")
	}
	text := "{" + strings.ReplaceAll(example, "//\t", "") + "}"
	s := mustParse(t, text)
	if _, err := s.Start(lossy.Config{}); err != nil {
		t.Error(err)
	}
	again := mustParse(t, s.String())
	if again.String() != s.String() {
		t.Errorf("%s, read again: %s", s, again)
	}
	out, err := json.Marshal(s)
	if err != nil || string(out) != s.String() {
		t.Errorf("as JSON %s, %v; want %s", out, err, s)
	}
	if s.Name() != "evening" || s.About() == "" {
		t.Errorf("name %q, about %q", s.Name(), s.About())
	}
	if length, ends := s.Length(); length.String() != "10m0s" || !ends {
		t.Errorf("takes %v, ends %v", length, ends)
	}
	if err := s.NeedsProxy(); err == nil || !strings.Contains(err.Error(), "steps.3.steps.1.rebind") {
		t.Errorf("needs a proxy: %v", err)
	}
}

// What is refused is refused with the path of the field and a reason.
func TestRefused(t *testing.T) {
	deep := `[{"for": "1s", "mark": "x"}]`
	for range MaxDepth + 1 {
		deep = `[{"loop": 2, "steps": ` + deep + `}]`
	}
	for _, c := range []struct{ text, field, why string }{
		{`[]`, "", "want a JSON object"},
		{`{}`, "steps", "is missing"},
		{`{"steps": []}`, "steps", "at least one"},
		{`{"steps": {}}`, "steps", "want a list"},
		{`{"step": []}`, "step", "unknown field"},
		{`{"steps": [{}]}`, "steps.0", "is empty"},
		{`{"steps": [{"sett": {}}]}`, "steps.0.sett", "unknown field"},
		{`{"steps": [{"set": {}}]}`, "steps.0.set", "sets nothing"},
		{`{"steps": [{"mark": "a"}, {"set": {"los": "1%"}}]}`, "steps.1.set.los", "unknown field"},
		{`{"steps": [{"set": {"down": {"loss": 5}}}]}`, "steps.0.set.down.loss", "ambiguous"},
		{`{"steps": [{"set": {"loss-model": "trace:/etc/passwd"}}]}`, "steps.0.set", "file"},
		{`{"steps": [{"ramp": {"loss": "1%"}}]}`, "steps.0.for", "is missing"},
		{`{"steps": [{"for": "1s", "ramp": {}}]}`, "steps.0.ramp", "moves nothing"},
		{`{"steps": [{"for": "1s", "ramp": {"loss": {"to": "101%"}}}]}`, "steps.0.ramp.loss.to", "out of range"},
		{`{"steps": [{"for": "1s", "ramp": {"loss": {"from": "1%"}}}]}`, "steps.0.ramp.loss.to", "is missing"},
		{`{"steps": [{"for": "1s", "ramp": {"loss": {"to": "1%", "via": 2}}}]}`, "steps.0.ramp.loss.via", "unknown field"},
		{`{"steps": [{"for": "1s", "ramp": {"loss": {"to": "1%", "curve": "cubic"}}}]}`, "steps.0.ramp.loss.curve", "geometric"},
		{`{"steps": [{"for": "1s", "ramp": {"loss": true}}]}`, "steps.0.ramp.loss", "want a string or a number"},
		{`{"steps": [{"for": "1s", "ramp": {"loss": {"to": true}}}]}`, "steps.0.ramp.loss.to", "want a string or a number"},
		{`{"steps": [{"for": "1s", "ramp": {"up": {"queue": "5ms"}}}]}`, "steps.0.ramp.up.queue", "no number"},
		{`{"steps": [{"for": "1s", "ramp": {"burst": "NaN"}}]}`, "steps.0.ramp.burst", "finite"},
		{`{"steps": [{"for": "1s", "ramp": {"rate": {"from": "0", "to": "1mbit"}}}]}`, "steps.0.ramp.rate.from", "unlimited"},
		{`{"steps": [{"for": "1s", "ramp": {"loss": {"from": "0%", "to": "1%", "curve": "geometric"}}}]}`, "steps.0.ramp.loss.from", "ratio"},
		{`{"steps": [{"for": "1s", "ramp": {"loss": "1%"}, "wave": {"up": {"loss": {"low": "0%", "high": "1%", "period": "1s"}}}}]}`, "steps.0.wave.up.loss", "moves already"},
		{`{"steps": [{"for": "1s", "wave": {"loss": {"low": "2%", "high": "1%", "period": "1s"}}}]}`, "steps.0.wave.loss.low", "above high"},
		{`{"steps": [{"for": "1s", "wave": {"loss": {"low": "0%", "high": "1%"}}}]}`, "steps.0.wave.loss.period", "is missing"},
		{`{"steps": [{"for": "1s", "wave": {"loss": {"low": "0%", "high": "1%", "period": "1ms"}}}]}`, "steps.0.wave.loss.period", "at least"},
		{`{"steps": [{"for": "1s", "wave": {"loss": {"shape": "round", "low": "0%", "high": "1%", "period": "1s"}}}]}`, "steps.0.wave.loss.shape", "sine"},
		{`{"steps": [{"for": "0s"}]}`, "steps.0.for", "more than nothing"},
		{`{"steps": [{"for": "-1s"}]}`, "steps.0.for", ""},
		{`{"steps": [{"for": "1s"}, {"at": "500ms", "mark": "x"}]}`, "steps.1.at", "ends only at 1s"},
		{`{"resolution": "1us", "steps": [{"mark": "x"}]}`, "resolution", "at least"},
		{`{"until": {}, "steps": [{"mark": "x"}]}`, "until", "want a time"},
		{`{"until": {"up": 0}, "steps": [{"mark": "x"}]}`, "until.up", "at least 1"},
		{`{"until": {"north": 1}, "steps": [{"mark": "x"}]}`, "until.north", "unknown field"},
		{`{"steps": [{"reset": false}]}`, "steps.0.reset", "want true"},
		{`{"steps": [{"enabled": "yes"}]}`, "steps.0.enabled", "want true or false"},
		{`{"steps": [{"blackout": "0s"}]}`, "steps.0.blackout", "how long"},
		{`{"steps": [{"blackout": {"for": "1s", "direction": "left"}}]}`, "steps.0.blackout.direction", "up"},
		{`{"steps": [{"upstream": ""}]}`, "steps.0.upstream", "is empty"},
		{`{"steps": [{"mark": "` + strings.Repeat("x", MaxText+1) + `"}]}`, "steps.0.mark", "at most"},
		{`{"steps": [{"loop": 0, "steps": [{"mark": "x", "for": "1s"}]}]}`, "steps.0.loop", "at least 1"},
		{`{"steps": [{"loop": 1.5, "steps": [{"mark": "x", "for": "1s"}]}]}`, "steps.0.loop", "at least 1"},
		{`{"steps": [{"loop": 2}]}`, "steps.0.steps", "is missing"},
		{`{"steps": [{"loop": 2, "mark": "x", "steps": [{"mark": "x", "for": "1s"}]}]}`, "steps.0.mark", "no place in a loop"},
		{`{"steps": [{"loop": "forever", "steps": [{"mark": "x"}]}]}`, "steps.0.steps", "at least 1ms"},
		{`{"steps": [{"loop": "forever", "steps": [{"for": "1s"}]}]}`, "steps.0.steps", "change nothing"},
		{`{"steps": [{"loop": "forever", "for": "1s", "steps": [{"for": "2s"}, {"mark": "x"}]}]}`, "steps.0.for", "nothing changes before"},
		{`{"steps": [{"loop": "forever", "steps": [{"mark": "x", "for": "1s"}]}, {"mark": "y"}]}`, "steps.1", "never reached"},
		{`{"steps": [{"loop": 2, "steps": [{"loop": "forever", "steps": [{"mark": "x", "for": "1s"}]}]}]}`, "steps.0.steps", "no end"},
		{`{"steps": [{"loop": 9223372036854775807, "steps": [{"mark": "x", "for": "1s"}]}]}`, "steps.0.loop", "forever"},
		{`{"steps": ` + deep + `}`, "steps.0.steps.0.steps.0.steps.0.steps.0.loop", "deep"},
		{`{"steps": [{"for": "87600h"}, {"for": "1h"}]}`, "steps.1", "at most"},
		{`{"resolution": "1ms", "steps": [{"for": "1h", "ramp": {"loss": "1%"}}, {"mark": "x"}]}`, "steps.0", "more than 100000"},
		{`{"steps": [{"mark": "x", "mark": "y"}]}`, "steps.0.mark", "twice"},
		{`{"steps": [{"mark": "x"}]} x`, "", "text behind"},
	} {
		_, err := Parse([]byte(c.text))
		if err == nil {
			_, err = mustParse(t, c.text).Start(lossy.Config{}) // what only Start can tell
		}
		var field *settings.FieldError
		errors.As(err, &field)
		switch {
		case err == nil:
			t.Errorf("%.200s: was accepted", c.text)
		case c.field != "" && (field == nil || field.Field != c.field):
			t.Errorf("%.200s:\n%v, want it at %s", c.text, err, c.field)
		case !strings.Contains(err.Error(), c.why):
			t.Errorf("%.200s:\n%v, want %q in it", c.text, err, c.why)
		}
	}
}

// Start finds what would be invalid at any time: at the ends of ramps, between them,
// and in a loop's second time through.
// A rule that asks for what there is not is found before it is due.
func TestStartKnowing(t *testing.T) {
	s := mustParse(t, `{"steps":[{"at":"1s","set":{"drop":"class=ack"}},{"at":"2s","set":{"down":{"drop":"class=akc"}}}]}`)
	if _, err := s.Start(lossy.Config{}); err != nil {
		t.Errorf("where nothing is known of classes: %v", err)
	}
	_, err := s.StartKnowing(lossy.Config{}, settings.Names{Classes: []string{"ack", "data"}})
	const want = `field "steps.1.set": at 2s: field "down.drop": rule 1: no datagram is of class "akc", did you mean ack?`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	base := lossy.Config{Up: lossy.Profile{Drop: mustRules(t, "flow=ann")}}
	if _, err := s.StartKnowing(base, settings.Names{Flows: []string{"bob"}}); err == nil || !strings.Contains(err.Error(), "the settings it begins with") {
		t.Errorf("a base that drops nothing: %v", err)
	}
}

func mustRules(t *testing.T, text string) lossy.Rules {
	t.Helper()
	rules, err := lossy.ParseRules(text)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func TestStartFindsWhatWouldBeInvalid(t *testing.T) {
	for _, c := range []struct{ text, base, field, why string }{
		{`{"steps": [{"set": {"jitter": "20ms"}}]}`, `{"delay": "10ms"}`, "steps.0.set", "jitter"},
		{`{"steps": [{"for": "1s", "ramp": {"delay": "5ms"}}]}`, `{"delay": "10ms", "jitter": "8ms"}`, "steps.0.ramp.delay", "at 500ms"},
		{`{"steps": [{"for": "1s", "ramp": {"rate": "1mbit"}}]}`, `{}`, "steps.0.ramp.rate", "from"},
		{`{"steps": [{"for": "1s", "ramp": {"loss": {"to": "1%", "curve": "geometric"}}}]}`, `{}`, "steps.0.ramp.loss", "ratio"},
		// Both ends are valid and the way is not: bursts of 4 lose 80 % at most, or all.
		{`{"steps": [{"for": "1s", "ramp": {"loss": "100%"}}]}`, `{"burst": "4"}`, "steps.0.ramp.loss", "at 900ms"},
		{`{"steps": [{"loop": 2, "steps": [{"set": {"jitter": "10ms"}, "for": "1s"}, {"set": {"delay": "5ms", "jitter": "0ms"}, "for": "1s"}]}]}`,
			`{"delay": "10ms"}`, "steps.0.steps.0.set", "at 2s"},
		{`{"steps": [{"loop": "forever", "steps": [{"ramp": {"mtu": {"to": "1500"}}, "for": "1s"}]}]}`, `{}`, "steps.0.steps.0.ramp.mtu", "any size"},
	} {
		var base lossy.Config
		members, err := settings.ParseObject([]byte(c.base))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range members {
			var edits settings.Edits
			if err := errors.Join(edits.Add(m), edits.Apply(&base)); err != nil {
				t.Fatal(err)
			}
		}
		_, err = mustParse(t, c.text).Start(base)
		var field *settings.FieldError
		if !errors.As(err, &field) || field.Field != c.field || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s over %s: %v, want it at %s with %q", c.text, c.base, err, c.field, c.why)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`{"steps": [{"mark": "x", "for": "1s"}]}`,
		`{"until": {"up": 3}, "steps": [{"loop": "forever", "for": "5s", "steps": [{"ramp": {"loss": {"from": "0%", "to": "50%"}}, "for": "1s"}]}]}`,
		`{"resolution": "10ms", "steps": [{"wave": {"delay": {"shape": "saw", "low": "1ms", "high": "2ms", "period": "3s"}}, "for": "10s"}, {"reset": true}]}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse([]byte(text))
		if err != nil {
			return
		}
		if again, err := Parse([]byte(s.String())); err != nil || again.String() != s.String() {
			t.Fatalf("%s does not come back: %v", s, err)
		}
		p, err := s.Start(lossy.Config{})
		if err != nil {
			return
		}
		var cfg lossy.Config
		last := p.at
		for range 2000 { // that what Start accepted is valid to the end
			next, ok := p.Next()
			if !ok {
				return
			}
			for {
				c, ok := p.Take(next)
				if !ok {
					break
				}
				if c.At < last && last != never {
					t.Fatalf("%v after %v", c.At, last)
				}
				last = c.At
				if err := c.Apply(&cfg); err != nil {
					t.Fatal(err)
				}
				if err := cfg.Validate(); err != nil {
					t.Fatalf("at %v: %v", c.At, err)
				}
			}
		}
	})
}
