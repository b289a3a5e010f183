package netflags

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"udplab/lossy"
	"udplab/lossy/presets"
)

// A preset takes the place of the defaults, and flags prevail over it.
func TestPreset(t *testing.T) {
	edge := lossy.Config{
		Up:   lossy.Profile{Rate: 200e3, Delay: 440 * time.Millisecond, QueuePackets: 50, Overhead: 28},
		Down: lossy.Profile{Rate: 240e3, Delay: 400 * time.Millisecond, QueuePackets: 50, Overhead: 28, Loss: 0.01},
	}
	with := func(c lossy.Config, edit func(*lossy.Config)) lossy.Config { edit(&c); return c }
	wifi := named(t, "str0m-wifi")
	for _, c := range []struct {
		args string
		want lossy.Config
	}{
		{"--preset nlc-edge-lossy", edge},
		{"--preset wifi --preset Edge-Lossy", edge},
		{"--loss 2% --preset nlc-edge-lossy", with(edge, func(c *lossy.Config) { c.Up.Loss, c.Down.Loss = 0.02, 0.02 })},
		{"--preset nlc-edge-lossy --down-loss 0% --up-mtu 1200", with(edge, func(c *lossy.Config) { c.Down.Loss, c.Up.MTU = 0, 1200 })},
		{"--preset nlc-edge-lossy --queue 1s", with(edge, func(c *lossy.Config) {
			c.Up.Queue, c.Up.QueuePackets, c.Down.Queue, c.Down.QueuePackets = time.Second, 0, time.Second, 0
		})},
		// What cannot stand beside a flag gives way to it, in its direction.
		{"--preset nlc-edge-lossy --down-loss-model every:20", with(edge, func(c *lossy.Config) {
			c.Down.Loss, c.Down.LossModel = 0, lossy.EveryNth{N: 20, First: 19}
		})},
		{"--preset handshakeloss --up-loss-model every:20", with(named(t, "handshakeloss"), func(c *lossy.Config) {
			c.Up.Loss, c.Up.LossBurstCap, c.Up.LossModel = 0, 0, lossy.EveryNth{N: 20, First: 19}
		})},
		{"--preset str0m-wifi --up-loss 3%", with(wifi, func(c *lossy.Config) { c.Up.Loss, c.Up.LossModel = 0.03, nil })},
		{"--preset str0m-wifi --delay 1ms", with(wifi, func(c *lossy.Config) {
			c.Up.Delay, c.Up.Jitter, c.Down.Delay, c.Down.Jitter = time.Millisecond, time.Millisecond, time.Millisecond, time.Millisecond
		})},
		{"--preset wifi --reorder-hold 5ms", with(named(t, "wifi"), func(c *lossy.Config) {
			c.Up.ReorderFor, c.Up.ReorderSpread = 5*time.Millisecond, lossy.Displacement{}
			c.Down.ReorderFor, c.Down.ReorderSpread = 5*time.Millisecond, lossy.Displacement{}
		})},
	} {
		got, err := parse(t, lossy.Profile{Loss: 0.05, Burst: 4, Duplicate: 0.1}, c.args)
		if err != nil || got != c.want {
			t.Errorf("%q: %+v, %v; want %+v", c.args, got, err, c.want)
		}
	}
	for _, c := range []struct{ args, says string }{
		{"--preset wfii", `"wfii" is no preset: did you mean wifi`},
		{"--preset wfii", "udplab proxy presets lists them"},
		{"--preset str0m-wifi --delay 1ms --jitter 2ms", "network: jitter 2ms"},
		{"--preset str0m-wifi --loss 1% --loss-model every:3", "network: loss 1%"},
		{"--preset droplist-none", "is no preset"},
	} {
		if _, err := parse(t, lossy.Profile{}, c.args); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, want a refusal that says %q", c.args, err, c.says)
		}
	}
}

func named(t *testing.T, name string) lossy.Config {
	t.Helper()
	p, err := presets.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Setup()
	if err != nil {
		t.Fatal(err)
	}
	return lossy.Config{Up: s.Up, Down: s.Down}
}

// The flags that a preset is shown with are the preset.
func TestFlagsOfPresets(t *testing.T) {
	list := presets.All()
	for _, text := range []string{
		"droplist --delay=15ms --bandwidth=10Mbps --queue=25 --drops_to_client=1,3,4 --drops_to_server=5",
		"blackhole --delay=15ms --bandwidth=10Mbps --queue=25 --on=5s --off=2s --repeat=3 --direction=toclient",
	} {
		p, err := presets.Find(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	for _, p := range list {
		want, err := p.Setup()
		if err != nil {
			t.Fatal(err)
		}
		set := pflag.NewFlagSet("test", pflag.ContinueOnError)
		f := Add(set, lossy.Profile{})
		timeout, rebind := set.Duration("nat-timeout", 0, ""), set.Duration("rebind-every", 0, "")
		if err := set.Parse(unquote(strings.Join(want.Flags(), " "))); err != nil {
			t.Fatal(err)
		}
		c, err := f.Config()
		if got := (presets.Setup{Up: c.Up, Down: c.Down, NATTimeout: *timeout, RebindEvery: *rebind}); err != nil || got != want {
			t.Errorf("%s: %v are %+v, %v; want %+v", p.Name, want.Flags(), got, err, want)
		}
	}
}

// unquote splits as a shell does that knows single quotes alone.
func unquote(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}
