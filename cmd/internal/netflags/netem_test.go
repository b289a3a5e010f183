package netflags

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"udplab/lossy"
)

// parseLine is parse for flags whose values have spaces.
func parseLine(t *testing.T, defaults lossy.Profile, args ...string) (lossy.Config, []string, error) {
	t.Helper()
	set := pflag.NewFlagSet("test", pflag.ContinueOnError)
	f := Add(set, defaults)
	if err := set.Parse(args); err != nil {
		return lossy.Config{}, nil, err
	}
	c, err := f.Config()
	return c, f.Notes(), err
}

func TestNetem(t *testing.T) {
	const ms = time.Millisecond
	biased, err := lossy.NewNetemLoss(0.05, 0.25)
	if err != nil {
		t.Fatal(err)
	}
	honest := lossy.CorrelatedLoss{P: 0.05, Rho: 0.25}
	defaults := lossy.Profile{Loss: 0.1, Burst: 4, Delay: 25 * ms, Jitter: 5 * ms}
	both := func(p lossy.Profile) lossy.Config { return lossy.Config{Up: p, Down: p} }
	for name, c := range map[string]struct {
		args  []string
		want  lossy.Config
		notes string
	}{
		"at its word, instead of the defaults": {
			[]string{"--netem", "loss 5% 25% delay 40ms 10ms"},
			both(lossy.Profile{LossModel: honest, Delay: 40 * ms, Jitter: 10 * ms, JitterReorder: true, SharedModel: true}),
			`netem "loss 5% 25% delay 40ms 10ms" is taken for --loss-model correlated:p=5%,rho=0.25 --shared-model --delay 40ms --jitter 10ms --jitter-reorder`,
		},
		"as netem has it": {
			[]string{"--netem-compat", "--netem", "loss 5% 25% limit 50"},
			both(lossy.Profile{LossModel: biased, SharedModel: true, Netem: lossy.NetemCompat{On: true, Limit: 50}}),
			`netem "loss 5% 25% limit 50" is taken for --loss-model netem:p=5%,correlation=25% --shared-model --netem-compat=on:limit=50`,
		},
		"another flag prevails": {
			[]string{"--netem", "loss 5% 25% delay 40ms", "--loss", "1%", "--down-delay", "3ms", "--shared-model=false"},
			lossy.Config{Up: lossy.Profile{Loss: 0.01, Delay: 40 * ms}, Down: lossy.Profile{Loss: 0.01, Delay: 3 * ms}},
			`netem "loss 5% 25% delay 40ms" is taken for`,
		},
		"another model prevails": {
			[]string{"--netem", "loss 5%", "--loss-model", "every:20"},
			both(lossy.Profile{LossModel: lossy.EveryNth{N: 20, First: 19}}), `taken for --loss 5%`,
		},
		"a limit of one's own": {
			[]string{"--netem", "loss 5% 25%", "--netem-compat=on:limit=7"},
			both(lossy.Profile{LossModel: biased, SharedModel: true, Netem: lossy.NetemCompat{On: true, Limit: 7}}), `netem-compat=on:limit=1000`,
		},
		"a jitter above the delay": {
			[]string{"--netem", "delay 5ms 10ms", "--netem-compat"},
			both(lossy.Profile{Delay: 5 * ms, Jitter: 10 * ms, JitterReorder: true, Netem: lossy.NetemCompat{On: true, Limit: 1000}}), "--jitter 10ms",
		},
		"a delay below the jitter of the line": {
			[]string{"--netem", "delay 40ms 10ms", "--delay", "5ms"},
			both(lossy.Profile{Delay: 5 * ms, Jitter: 5 * ms, JitterReorder: true}), "--jitter 10ms",
		},
		"one direction": {
			[]string{"--down-netem", "rate 1mbit limit 30"},
			lossy.Config{Up: defaults, Down: lossy.Profile{Rate: 1e6, Overhead: 42, QueuePackets: 30, SharedBottleneck: true}},
			"netem \"rate 1mbit limit 30\" is taken for --down-rate 1mbit --down-overhead 42 --down-queue 30packets --down-shared-bottleneck\nrate: netem counts frames",
		},
		"compat in one direction": {
			[]string{"--netem", "loss 5% 25%", "--up-netem-compat"},
			lossy.Config{Up: lossy.Profile{LossModel: biased, SharedModel: true, Netem: lossy.NetemCompat{On: true, Limit: 1000}}, Down: lossy.Profile{LossModel: honest, SharedModel: true}},
			"taken for --up-loss-model netem:p=5%,correlation=25% --up-shared-model --up-netem-compat=on:limit=1000\nnetem \"loss 5% 25%\" is taken for --down-loss-model correlated:",
		},
		"a line that does nothing": {[]string{"--netem", "netem"}, both(lossy.Profile{}), `netem "netem" is taken for nothing`},
	} {
		got, notes, err := parseLine(t, defaults, c.args...)
		if err != nil || got != c.want || !strings.Contains(strings.Join(notes, "\n"), c.notes) {
			t.Errorf("%s: %+v, %q, %v; want %+v, %q", name, got, notes, err, c.want, c.notes)
		}
	}
	for want, args := range map[string][]string{
		`at 6: loss: "5x" is not a percentage`: {"--netem", "loss 5x"},
		"is empty: write it like":              {"--netem", ""},
		`netem "slot 1ms": slot:`:              {"--up-netem", "slot 1ms"},
		"loss 1%: has no place beside":         {"--netem", "loss 5%", "--loss", "1%", "--loss-model", "every:3"},
		"are each a whole network":             {"--netem", "loss 5%", "--preset", "nlc-3g"},
		"names are uniform, normal":            {"--netem", "delay 5ms 1ms distribution no/such/file"},
	} {
		if _, _, err := parseLine(t, defaults, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
