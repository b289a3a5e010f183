package settings

import (
	"slices"
	"testing"

	"udplab/lossy"
)

// A setting that is given by itself is refused, makes the network other than a
// perfect wire, or is told to be inert: none is taken in silence.
func TestNoSettingIsTakenInSilence(t *testing.T) {
	trace := func(string) ([]byte, error) { return []byte("1\n"), nil }
	for _, f := range Fields() {
		value, known := map[string]string{
			"blackout": "at=5s,for=3s", "mtu": "1200", "drop": "size>1200",
			"loss-model": "every:20", "burst": "4", "loss-burst-cap": "3",
			"delay-distribution": "normal", "netem-compat": "on",
			"reorder-by": "3", "reorder-gap": "5", "duplicate-copies": "3", "corrupt-how": "bits:3",
			"policer": "rate=1mbit,burst=9kB", "rate": "1mbit", "link-trace": "lte.up",
			"overhead": "28", "queue": "50packets", "queue-discipline": "codel",
		}[f.Name]
		if !known {
			switch f.Kind {
			case "percent":
				value = "5%"
			case "duration":
				value = "40ms"
			case "switch":
				value = "true"
			default:
				t.Errorf("the test has no value for %s", f.Name)
				continue
			}
		}
		var p lossy.Profile
		if err := f.SetFrom(&p, value, trace); err != nil {
			t.Fatal(err)
		}
		inert := slices.ContainsFunc(p.Inert(), func(i lossy.Inert) bool { return i.Setting == f.Name })
		told := p.Validate() != nil || p.String() != "perfect"
		if !told && !inert {
			t.Errorf("%s %s alone makes a network that is %v, and nothing is told of it", f.Name, value, p)
		}
	}
}
