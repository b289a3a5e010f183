package scenario

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/lossy/settings"
)

func mustParse(t testing.TB, text string) *Scenario {
	t.Helper()
	s, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v\nin %s", err, text)
	}
	return s
}

func mustStart(t testing.TB, text string, base lossy.Config) *Player {
	t.Helper()
	p, err := mustParse(t, text).Start(base)
	if err != nil {
		t.Fatalf("%v\nin %s", err, text)
	}
	return p
}

// drain takes all that is due, and applies it.
func drain(t testing.TB, p *Player, now time.Duration, cfg *lossy.Config) []Change {
	t.Helper()
	var all []Change
	for {
		c, ok := p.Take(now)
		if !ok {
			return all
		}
		if err := c.Apply(cfg); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
}

// told writes changes as lines: the time, and the note without it.
func told(t testing.TB, changes []Change) string {
	t.Helper()
	var b strings.Builder
	for _, c := range changes {
		n := c.Note()
		n.At = 0
		text, err := settings.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(text) {
			t.Fatalf("not JSON: %s", text)
		}
		b.WriteString(c.At.String() + " " + strings.Replace(strings.TrimSpace(string(text)), `"at_ns":0,`, "", 1) + "\n")
	}
	return b.String()
}

// upTo plays a scenario over base for so long.
func upTo(t testing.TB, text string, base lossy.Config, end time.Duration) (string, lossy.Config) {
	t.Helper()
	cfg := base
	changes := drain(t, mustStart(t, text, base), end, &cfg)
	return told(t, changes), cfg
}
