package bench

import (
	"strings"
	"testing"

	"udplab/reliable/raw"
)

// The names are what benchstat and everybody's scripts take apart: they change
// on purpose or not at all.
func TestNames(t *testing.T) {
	var got []string
	for _, c := range grid() {
		name := c.name()
		if c.impossible() != "" {
			name += " skipped"
		}
		got = append(got, name)
	}
	want := []string{
		"mode=raw/size=64B/loss=0%", "mode=raw/size=64B/loss=1%", "mode=raw/size=64B/loss=5%",
		"mode=raw/size=1KiB/loss=0%", "mode=raw/size=1KiB/loss=1%", "mode=raw/size=1KiB/loss=5%",
		"mode=raw/size=64KiB/loss=0% skipped", "mode=raw/size=64KiB/loss=1% skipped", "mode=raw/size=64KiB/loss=5% skipped",
		"mode=raw/size=1MiB/loss=0% skipped", "mode=raw/size=1MiB/loss=1% skipped", "mode=raw/size=1MiB/loss=5% skipped",
		"mode=reliable/size=64B/loss=0%", "mode=reliable/size=64B/loss=1%", "mode=reliable/size=64B/loss=5%",
		"mode=reliable/size=1KiB/loss=0%", "mode=reliable/size=1KiB/loss=1%", "mode=reliable/size=1KiB/loss=5%",
		"mode=reliable/size=64KiB/loss=0%", "mode=reliable/size=64KiB/loss=1%", "mode=reliable/size=64KiB/loss=5%",
		"mode=reliable/size=1MiB/loss=0%", "mode=reliable/size=1MiB/loss=1%", "mode=reliable/size=1MiB/loss=5%",
		"mode=tcp/size=64B/loss=0%", "mode=tcp/size=1KiB/loss=0%", "mode=tcp/size=64KiB/loss=0%", "mode=tcp/size=1MiB/loss=0%",
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}

// The size in a name is the size in bytes, and every message holds what the
// benchmarks write into it.
func TestSizes(t *testing.T) {
	want := map[string]int{"64B": 64, "1KiB": 1024, "64KiB": 65536, "1MiB": 1048576}
	for _, s := range sizes {
		if s.bytes != want[s.name] || s.bytes < numberBytes+dueBytes {
			t.Errorf("size %s has %d bytes", s.name, s.bytes)
		}
	}
}

func TestLargestRawMessageIsPossible(t *testing.T) {
	for _, c := range []struct {
		bytes int
		says  string
	}{{raw.MaxMessage, ""}, {raw.MaxMessage + 1, "one datagram"}} {
		why := cell{mode: modeRaw, size: size{bytes: c.bytes}}.impossible()
		if !strings.Contains(why, c.says) || (why == "") != (c.says == "") {
			t.Errorf("raw message of %d bytes: %q, want it to say %q", c.bytes, why, c.says)
		}
	}
}
