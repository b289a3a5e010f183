package netflags

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"udplab/lossy"
)

func parse(t *testing.T, defaults lossy.Profile, args string) (lossy.Config, error) {
	t.Helper()
	set := pflag.NewFlagSet("test", pflag.ContinueOnError)
	f := Add(set, defaults)
	if err := set.Parse(strings.Fields(args)); err != nil {
		return lossy.Config{}, err
	}
	return f.Config()
}

func TestConfig(t *testing.T) {
	all := lossy.Profile{
		Loss: 0.05, Burst: 4, Delay: 40 * time.Millisecond, Jitter: 10 * time.Millisecond,
		Reorder: 0.03, ReorderBy: 2, Duplicate: 0.01, Corrupt: 0.001, Rate: 10e6, Queue: 50 * time.Millisecond,
	}
	with := func(edit func(*lossy.Profile)) lossy.Profile { p := all; edit(&p); return p }
	for _, c := range []struct {
		args     string
		defaults lossy.Profile
		want     lossy.Config
	}{
		{"", lossy.Profile{}, lossy.Config{}},
		{"", all, lossy.Config{Up: all, Down: all}},
		{"--loss 5% --burst 4 --delay 40ms --jitter 10ms --reorder 3% --reorder-by 2 --duplicate 1% --corrupt 0.1% --rate 10mbit --queue 50ms",
			lossy.Profile{}, lossy.Config{Up: all, Down: all}},
		{"--jitter-reorder --up-loss-after-queue", all, lossy.Config{
			Up:   with(func(p *lossy.Profile) { p.JitterReorder, p.LossAfterQueue = true, true }),
			Down: with(func(p *lossy.Profile) { p.JitterReorder = true }),
		}},
		{"--jitter-reorder --down-jitter-reorder=false", all, lossy.Config{
			Up: with(func(p *lossy.Profile) { p.JitterReorder = true }), Down: all,
		}},
		{"--loss 0% --down-loss-model gilbert-elliott:p=1%,r=1% --up-loss 1% --loss-burst-cap 2", all, lossy.Config{
			Up: with(func(p *lossy.Profile) { p.Loss, p.LossBurstCap = 0.01, 2 }),
			Down: with(func(p *lossy.Profile) {
				p.Loss, p.LossModel, p.LossBurstCap = 0, lossy.GilbertElliott{P: 0.01, R: 0.01, Bad: 1}, 2
			}),
		}},
		// A default loss gives way to a model, one that was asked for does not.
		{"--up-loss-model every:20", all, lossy.Config{
			Up:   with(func(p *lossy.Profile) { p.Loss, p.LossModel = 0, lossy.EveryNth{N: 20, First: 19} }),
			Down: all,
		}},
		{"--loss-model none", all, lossy.Config{Up: all, Down: all}},
		{"--up-loss 1%", all, lossy.Config{Up: with(func(p *lossy.Profile) { p.Loss = 0.01 }), Down: all}},
		{"--down-loss 1% --loss 2%", all, lossy.Config{
			Up:   with(func(p *lossy.Profile) { p.Loss = 0.02 }),
			Down: with(func(p *lossy.Profile) { p.Loss = 0.01 }),
		}},
		{"--down-rate 0 --up-delay 1s", all, lossy.Config{
			Up:   with(func(p *lossy.Profile) { p.Delay = time.Second }),
			Down: with(func(p *lossy.Profile) { p.Rate = 0 }),
		}},
	} {
		got, err := parse(t, c.defaults, c.args)
		if err != nil || got != c.want {
			t.Errorf("%q: %+v, %v; want %+v", c.args, got, err, c.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct{ args, says string }{
		{"--loss 150%", "out of range"},
		{"--jitter-reorder=1", "neither true nor false"},
		{"--down-delay -1s", "cannot be negative"},
		{"--loss-model trace:no/such/file", "no/such/file"},
		{"--loss 5% --up-loss-model every:3", "network up: loss 5%"},
		{"--jitter 10ms", "network: jitter 10ms"},
		{"--delay 5ms --up-jitter 10ms", "network up: jitter 10ms"},
		{"--delay 5ms --down-jitter 10ms", "network down: jitter 10ms"},
	} {
		if _, err := parse(t, lossy.Profile{}, c.args); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, want a refusal that says %q", c.args, err, c.says)
		}
	}
}

// A file is read when the flag is, once, and what it held then is what counts.
func TestFilesAreReadOnce(t *testing.T) {
	name := filepath.Join(t.TempDir(), "losses.csv")
	if err := os.WriteFile(name, []byte("0 1 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	set := pflag.NewFlagSet("test", pflag.ContinueOnError)
	f := Add(set, lossy.Profile{})
	if err := set.Parse([]string{"--loss-model", "trace:" + name}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := f.Config()
	if err != nil {
		t.Fatal(err)
	}
	m := lossy.NewModel(1, 0, lossy.Up, c.Up)
	for i, want := range []lossy.Cause{lossy.CauseNone, lossy.CauseLoss, lossy.CauseLoss, lossy.CauseNone} {
		if got := m.Decide(1).Drop; got != want {
			t.Errorf("packet %d: %v, want %v", i, got, want)
		}
	}
}
