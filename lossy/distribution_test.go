package lossy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestDistributionText(t *testing.T) {
	for _, text := range []string{"uniform", "normal", "pareto", "paretonormal", "lognormal"} {
		d, err := ParseDistribution(" "+text, nil)
		if err != nil || (d == nil) != (text == "uniform") || d != nil && d.String() != text {
			t.Errorf("%q reads as %v, %v", text, d, err)
		}
	}
	for _, c := range []struct{ text, content, want string }{
		{"gauss", "", "is no distribution of delay: write it like uniform, normal, pareto"},
		{"normal:3", "", "is no distribution"},
		{"table:", "", "lacks the name of a file"},
		{"table:f", "1 2\n3 32768", `f, line 2: "32768": want whole numbers from -32768 to 32767`},
		{"table:f", "# nothing", "f has 0 numbers: want 1 to 16384"},
		{"table:f", strings.Repeat("1 ", MaxDelaySamples+1), "f has 16385 numbers"},
		{"cdf:f", "10ms 0.5\n5ms 1", `line 2: "5ms 1": goes down`},
		{"cdf:f", "10ms 0.5\n20ms 0.4", "goes down"},
		{"cdf:f", "10ms 0.5\n\n20ms 0.9", "f ends at probability 0.9: the last line must reach 1"},
		{"cdf:f", "10ms", `line 1: "10ms": want a delay and a probability, like 20ms,0.5`},
		{"cdf:f", "10ms 1.1", "want a probability from 0 to 1"},
		{"cdf:f", "10 1", "has no unit: write it like 10ms or 10s; or give a line with the unit of all, like ms"},
		{"cdf:f", "2h 1", "a delay is at most 1h"},
		{"cdf:f", "", "f has 0 points"},
		{"cdf:f", strings.Repeat("1ms 1\n", MaxCDFPoints+1), "f has 4097 points"},
		{"trace:f", "1ms\n-2ms", "line 2: \"-2ms\" is out of range"},
		{"trace:f", "ms\n1\nx", "line 3: \"x\" is not a duration"},
		{"trace:f", "", "f has 0 delays: want 1 to 1048576"},
	} {
		_, err := ParseDistribution(c.text, func(string) ([]byte, error) { return []byte(c.content), nil })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q, %.30q: %v, want an error with %q", c.text, c.content, err, c.want)
		}
	}
	for _, kind := range []string{"table", "cdf", "trace"} {
		if _, err := ParseDistribution(kind+":f", nil); !errors.Is(err, ErrNamesFile) {
			t.Errorf("%s without leave to read files: %v, want %v", kind, err, ErrNamesFile)
		}
	}
}

func TestValidateRefusesDistributions(t *testing.T) {
	trace := lawFrom(t, "trace:f", "1ms")
	for want, p := range map[string]Profile{
		"delay-distribution trace:f: jitter 1ms: has no place": {Delay: time.Second, Jitter: time.Millisecond, Distribution: trace},
		"a table of nothing":            {Distribution: DelayTable{}},
		"a distribution without points": {Distribution: DelayCDF{}},
		"a trace of nothing":            {Distribution: DelayTrace{}},
		"jitter 2ms: must not exceed":   {Delay: time.Millisecond, Jitter: 2 * time.Millisecond, Distribution: NormalDelay{}},
	} {
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want an error with %q", p, err, want)
		}
	}
}

// No law draws a delay outside 0 and MaxDelay, whatever the parameters.
func TestDelaysAreBounded(t *testing.T) {
	for _, d := range []Distribution{NormalDelay{}, ParetoDelay{}, ParetoNormalDelay{}, LogNormalDelay{},
		lawFrom(t, "table:f", "-32768 32767"), lawFrom(t, "cdf:f", "1h 1"), lawFrom(t, "trace:f", "1h")} {
		for _, p := range []Profile{
			{Delay: MaxDelay, Jitter: MaxDelay, Distribution: d}, {Delay: MaxDelay, Distribution: d},
			{Distribution: d}, {Delay: 1, Jitter: 1, Distribution: d},
		} {
			if p.Validate() != nil {
				continue
			}
			for _, delay := range drawnDelays(p, 1, 2000) {
				if delay < 0 || delay > MaxDelay {
					t.Fatalf("%v: a delay of %v", p, delay)
				}
			}
		}
	}
	for _, d := range []Distribution{NormalDelay{}, ParetoDelay{}, ParetoNormalDelay{}, LogNormalDelay{}} {
		p := Profile{Delay: 40 * time.Millisecond, Distribution: d}
		if got := drawnDelays(p, 1, 1)[0]; got != p.Delay {
			t.Errorf("%v: %v without jitter, want the delay", p, got)
		}
	}
}

// What a seed means must not change: see TestSeedKeepsItsMeaning.
func TestSeedKeepsItsMeaningForDelays(t *testing.T) {
	for _, c := range []struct {
		law  Distribution
		want string
	}{
		{NormalDelay{}, "[51.237374ms 57.748862ms 35.596329ms]"},
		{ParetoDelay{}, "[34.619599ms 35.422959ms 37.774974ms]"},
		{ParetoNormalDelay{}, "[38.449273ms 41.27052ms 36.496591ms]"},
		{LogNormalDelay{}, "[51.175173ms 60.074222ms 34.818179ms]"},
		{lawFrom(t, "table:f", "-9000 -8000 1 2 17000"), "[60.751953ms 40.001221ms 40.001221ms]"},
		{lawFrom(t, "cdf:f", "1ms 10%\n100ms 1"), "[120.033747ms 85.869262ms 97.409825ms]"},
	} {
		p := Profile{Delay: 40 * time.Millisecond, Jitter: 10 * time.Millisecond, Distribution: c.law}
		if p.Validate() != nil {
			p.Jitter = 0
		}
		if got := fmt.Sprint(drawnDelays(p, 7, 3)); got != c.want {
			t.Errorf("%v: seed 7 draws %v, want %v", c.law, got, c.want)
		}
	}
}

// A change of another setting changes no delay, nor does the law the losses.
func TestSetProfileKeepsTheDelays(t *testing.T) {
	p := Profile{Loss: 0.1, Delay: 40 * time.Millisecond, Jitter: 10 * time.Millisecond, Distribution: ParetoNormalDelay{}}
	steady, changed := NewModel(9, 0, Up, p), NewModel(9, 0, Up, p)
	uniform := p
	uniform.Distribution = nil
	plain := NewModel(9, 0, Up, uniform)
	for i := range 3000 {
		q := p
		q.Duplicate = float64(i % 2)
		changed.SetProfile(q)
		a, b, c := steady.Decide(1), changed.Decide(1), plain.Decide(1)
		if a.Delay != b.Delay || a.Drop != b.Drop || a.Drop != c.Drop {
			t.Fatalf("packet %d: %v, with changes %v, with another law %v", i, a, b, c)
		}
	}
}
