package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"udplab/cmd/internal/netflags"
	"udplab/lossy"
	"udplab/lossy/settings"
)

// pairValues are values of the settings as people write them, by name, and those of
// a kind, for settings that are of one with others.
func pairValues(t *testing.T) map[string][]string {
	t.Helper()
	write := func(name, content string) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		return file
	}
	trace := write("lte.down", "1\n")
	return map[string][]string{
		"percent": {"5%", "0.05"}, "duration": {"40ms", "1m30s"}, "packets": {"3"}, "bytes": {"28"}, "switch": {"true"},
		"blackout": {"at=5s,for=3s", "every=60s,for=200ms"}, "drop": {"size>1200", "class=ack,nth=3"},
		"burst": {"4", "1.5"}, "loss-model": {"every:20", "trace:" + write("losses", "0 1")},
		"delay-distribution": {"normal", "cdf:" + write("delays", "1ms,50%\n2ms,1")},
		"netem-compat":       {"on:limit=1000,delay=10%", "off"},
		"reorder-by":         {"3", "1-8", "geometric:mean=3"}, "corrupt-how": {"bits:3", "truncate"},
		"policer": {"rate=10mbit,burst=64KiB"}, "rate": {"10mbit"}, "link-trace": {trace},
		"queue": {"100ms", "50packets", "64KiB"}, "queue-discipline": {"codel", "drop-head"},
	}
}

// Every setting takes the values that its flag takes, its bare one included, from
// udplab ctl set and from /net in a chat, for both directions and for one, and goes
// back to where it was.
func TestEverySettingAsAPair(t *testing.T) {
	known := pairValues(t)
	for _, f := range settings.Fields() {
		values, ok := known[f.Name]
		if !ok {
			values, ok = known[f.Kind]
		}
		if !ok {
			t.Errorf("the test has no value for %s", f.Name)
		}
		values = slices.Clone(values)
		if f.Bare() != "" {
			values = append(values, f.Bare())
		}
		values = append(values, f.Get(&lossy.Profile{})) // which is "" for a list
		for _, prefix := range []string{"", "up-", "down."} {
			for way, set := range map[string]func(*lossy.Config, string) error{"ctl": setByCtl, "/net": setByNet} {
				var c, want lossy.Config
				for _, value := range values {
					pair := prefix + f.Name + "=" + value
					if err := set(&c, pair); err != nil {
						t.Errorf("%s %s: %v", way, pair, err)
					}
					for direction, p := range map[string]*lossy.Profile{"up-": &want.Up, "down.": &want.Down} {
						if prefix == direction || prefix == "" {
							if err := f.SetFrom(p, value, netflags.ReadFile); err != nil {
								t.Fatalf("--%s: %v", pair, err)
							}
						}
					}
					if got, want := settingOf(&f, &c), settingOf(&f, &want); got != want {
						t.Errorf("%s %s: up and down are %q, want %q", way, pair, got, want)
					}
				}
				if c != (lossy.Config{}) {
					t.Errorf("%s %s%s: %+v is left over", way, prefix, f.Name, c)
				}
			}
		}
	}
}

// settingOf is a setting up and down.
func settingOf(f *settings.Field, c *lossy.Config) [2]string {
	return [2]string{f.Get(&c.Up), f.Get(&c.Down)}
}

// Switches are on and off as well, and only switches are JSON's true and false.
func TestSwitchesAsPairs(t *testing.T) {
	for pair, want := range map[string]any{
		"ecn=on": true, "ecn=off": false, "ecn=true": true, "enabled=off": false, "netem-compat=off": "off", "netem-compat=true": "true",
		"loss=off": "off", "of-another-version=on": true, "name=dns": "dns",
	} {
		p, err := parsePairs([]string{pair})
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range p {
			if got != want {
				t.Errorf("%s: %s is %#v, want %#v", pair, name, got, want)
			}
		}
	}
}

// setByCtl does what udplab ctl set sends, as the API does.
func setByCtl(c *lossy.Config, pair string) error {
	change, err := parsePairs([]string{pair})
	if err != nil {
		return err
	}
	object, err := change.brought()
	if err != nil {
		return err
	}
	members, err := settings.ParseObject(object)
	if err != nil {
		return err
	}
	var e settings.Edits
	for _, m := range members {
		if err := e.Add(m); err != nil {
			return err
		}
	}
	return e.Apply(c)
}

func setByNet(c *lossy.Config, pair string) error { return editNetwork(c, []string{pair}) }
