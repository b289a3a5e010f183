package settings

import (
	"slices"
	"testing"

	"udplab/lossy"
)

// Every percentage, time, rate and count is a number, and what is set as one reads
// back as the same text.
func TestNumericFields(t *testing.T) {
	want := map[string]string{
		"loss": "12.5%", "reorder": "1%", "duplicate": "50%", "corrupt": "0.1%",
		"delay": "40ms", "jitter": "1.5ms", "reorder-hold": "2s", "duplicate-delay": "3ms",
		"rate": "1.5mbit", "burst": "2.5",
		"mtu": "1200", "overhead": "28", "loss-burst-cap": "3", "reorder-gap": "5", "duplicate-copies": "2",
	}
	var numeric []string
	for _, f := range Fields() {
		if !f.Numeric() {
			if _, err := f.ParseNumber("1"); err == nil {
				t.Errorf("%s: is not numeric and was read as a number", f.Name)
			}
			continue
		}
		numeric = append(numeric, f.Name)
		v, err := f.ParseNumber(want[f.Name])
		if err != nil {
			t.Errorf("%s %q: %v", f.Name, want[f.Name], err)
			continue
		}
		var given, computed lossy.Profile
		if err := f.Set(&given, want[f.Name]); err != nil {
			t.Fatal(err)
		}
		f.SetNumber(&computed, v)
		if given != computed || f.Number(&computed) != v {
			t.Errorf("%s: %v set as a number is %q, want %q", f.Name, v, f.Get(&computed), f.Get(&given))
		}
	}
	if len(numeric) != len(want) {
		t.Errorf("numeric are %v, want %d of them", slices.Sorted(slices.Values(numeric)), len(want))
	}
}

func TestBetween(t *testing.T) {
	for _, c := range []struct {
		field          string
		a, b, share    float64
		linear, ratios float64
	}{
		{"loss", 0.1, 0.2, 0, 0.1, 0.1},
		{"loss", 0.1, 0.3, 1, 0.3, 0.3},
		{"loss", 0.01, 0.04, 0.5, 0.025, 0.02},
		{"loss", 0.1, 0.2, 1. / 3, 0.133333333, 0.125992105},
		{"rate", 1e6, 4e6, 0.5, 2.5e6, 2e6},
		{"rate", 1e6, 2e6, 1. / 3, 1333333, 1259921},
		{"delay", 10, 40, 0.25, 18, 14}, // ns: 17.5 and 14.14
		{"burst", 1, 4, 0.5, 2.5, 2},
		{"mtu", 1200, 576, 0.1, 1138, 1115},
	} {
		f := fieldNamed(t, c.field)
		if got := f.Between(c.a, c.b, c.share); got != c.linear {
			t.Errorf("%s: %v of the way from %v to %v is %v, want %v", c.field, c.share, c.a, c.b, got, c.linear)
		}
		if got := f.BetweenRatios(c.a, c.b, c.share); got != c.ratios {
			t.Errorf("%s: %v of the way by ratios from %v to %v is %v, want %v", c.field, c.share, c.a, c.b, got, c.ratios)
		}
	}
}

// A 0 that is a word in disguise is no end of a ramp.
func TestCheckEnd(t *testing.T) {
	for name, ok := range map[string]bool{
		"loss": true, "delay": true, "overhead": true, "jitter": true, "duplicate-delay": true,
		"rate": false, "mtu": false, "burst": false, "loss-burst-cap": false, "reorder-hold": false,
		"reorder-gap": false, "duplicate-copies": false,
	} {
		f := fieldNamed(t, name)
		if err := f.CheckEnd(0); (err == nil) != ok {
			t.Errorf("%s: 0 as an end: %v", name, err)
		}
		if err := f.CheckEnd(1); err != nil {
			t.Errorf("%s: 1 as an end: %v", name, err)
		}
	}
}
