package units

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"pgregory.net/rapid"
)

func TestDuration(t *testing.T) {
	for _, c := range []struct {
		in      string
		want    time.Duration
		refusal string
	}{
		{in: "20ms", want: 20 * time.Millisecond},
		{in: "1m30s", want: 90 * time.Second},
		{in: "0", want: 0},
		{in: "-5ms", refusal: `"-5ms" is out of range: a duration cannot be negative`},
		{in: "40", refusal: "write it like 40ms or 40s"},
		{in: "fast", refusal: "not a duration"},
		{in: "", refusal: "not a duration"},
	} {
		var d Duration
		checkSet(t, &d, c.in, c.refusal)
		if c.refusal == "" && time.Duration(d) != c.want {
			t.Errorf("Set(%q) = %v, want %v", c.in, time.Duration(d), c.want)
		}
	}
}

func TestProbability(t *testing.T) {
	for _, c := range []struct {
		in      string
		want    float64
		refusal string
	}{
		{in: "5%", want: 0.05},
		{in: "0.05", want: 0.05},
		{in: "100%", want: 1},
		{in: "5", refusal: "ambiguous"},
		{in: "150%", refusal: "out of range"},
		{in: "-1%", refusal: "out of range"},
		{in: "some", refusal: "not a probability"},
	} {
		var p Probability
		checkSet(t, &p, c.in, c.refusal)
		if c.refusal == "" && float64(p) != c.want {
			t.Errorf("Set(%q) = %v, want %v", c.in, float64(p), c.want)
		}
	}
}

func TestRate(t *testing.T) {
	for _, c := range []struct {
		in      string
		want    float64
		refusal string
	}{
		{in: "10mbit", want: 10e6},
		{in: "500Kbit/s", want: 500e3},
		{in: "0", want: 0},
		{in: "10", refusal: "no unit"},
		{in: "10MB/s", refusal: "may be bits or bytes"},
		{in: "1bit", refusal: "out of range"},
	} {
		var r Rate
		checkSet(t, &r, c.in, c.refusal)
		if c.refusal == "" && float64(r) != c.want {
			t.Errorf("Set(%q) = %v, want %v", c.in, float64(r), c.want)
		}
	}
}

func TestSize(t *testing.T) {
	for _, c := range []struct {
		in      string
		want    uint64
		printed string
		refusal string
	}{
		{in: "0", want: 0, printed: "0B"},
		{in: "1200", want: 1200, printed: "1200B"},
		{in: "1200B", want: 1200, printed: "1200B"},
		{in: "64KiB", want: 65536, printed: "64KiB"},
		{in: "64 KiB", want: 65536, printed: "64KiB"},
		{in: "64kB", want: 64000, printed: "64000B"},
		{in: "1MB", want: 1e6, printed: "1000000B"},
		{in: "16MiB", want: 16 << 20, printed: "16MiB"},
		{in: "3GiB", want: 3 << 30, printed: "3GiB"},
		{in: "-1", refusal: "not a size"},
		{in: "1.5KiB", refusal: "not a size"},
		{in: "KiB", refusal: "not a size"},
		{in: "10parsec", refusal: "not a size"},
		{in: "18446744073709551615", refusal: "too large"},
		{in: "99999999999GiB", refusal: "too large"},
	} {
		var z Size
		checkSet(t, &z, c.in, c.refusal)
		if c.refusal != "" {
			continue
		}
		if uint64(z) != c.want || z.String() != c.printed {
			t.Errorf("Set(%q) = %d printed %q, want %d printed %q", c.in, uint64(z), z.String(), c.want, c.printed)
		}
	}
}

// checkSet sets v and compares the outcome with the expected refusal, none if
// it is empty.
func checkSet(t *testing.T, v pflag.Value, in, refusal string) {
	t.Helper()
	before := v.String()
	err := v.Set(in)
	if refusal == "" {
		if err != nil {
			t.Errorf("Set(%q) of a %s: %v, want it accepted", in, v.Type(), err)
		}
		return
	}
	if err == nil || !strings.Contains(err.Error(), refusal) {
		t.Errorf("Set(%q) of a %s: %v, want a refusal that says %q", in, v.Type(), err, refusal)
	}
	if v.String() != before {
		t.Errorf("a refused Set(%q) changed the value from %s to %s", in, before, v)
	}
}

// What a value prints is what it reads: defaults in --help can be pasted back.
func TestPrintedFormReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := Size(rapid.Uint64Range(0, 1<<62).Draw(t, "size"))
		duration := Duration(rapid.Int64Range(0, int64(time.Hour)*1000).Draw(t, "duration"))
		probability := Probability(rapid.Float64Range(0, 1).Draw(t, "probability"))
		rate := Rate(1e3 * rapid.IntRange(1, 1000).Draw(t, "kbit"))
		var size2 Size
		var probability2 Probability
		var rate2 Rate
		if err := probability2.Set(probability.String()); err != nil || probability2 != probability {
			t.Errorf("probability %v printed %q read back as %v, %v", float64(probability), probability.String(), float64(probability2), err)
		}
		if err := rate2.Set(rate.String()); err != nil || rate2 != rate {
			t.Errorf("rate %v printed %q read back as %v, %v", float64(rate), rate.String(), float64(rate2), err)
		}
		var duration2 Duration
		if err := size2.Set(size.String()); err != nil || size2 != size {
			t.Errorf("size %d printed %q read back as %d, %v", uint64(size), size.String(), uint64(size2), err)
		}
		if err := duration2.Set(duration.String()); err != nil || duration2 != duration {
			t.Errorf("duration %d printed %q read back as %d, %v", duration, duration.String(), duration2, err)
		}
	})
}
