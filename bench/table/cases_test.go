package table

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
)

// What has to be reached is fixed here too, so that a row cannot be made to
// pass by moving its bound, nor go missing.
func TestTargetsAreThoseOfTheEngine(t *testing.T) {
	want := []string{
		"bulk-0: goodput >= 47.2, wire <= 1.05",
		"bulk-0.1: goodput >= 46.9, wire <= 1.06",
		"bulk-1: goodput >= 46, wire <= 1.07",
		"bulk-5: goodput >= 17.4, wire <= 1.12",
		"bulk-10: goodput >= 16, wire <= 1.2",
		"bulk-bursts: goodput >= 45, wire <= 1.09",
		"bulk-reordering: goodput >= 47.2, spurious <= 0.5",
		"paced-500-plain: p50 <= 54, p99 <= 110, p99.9 <= 130, wire <= 1.35",
		"paced-500: p50 <= 27, p99 <= 42, p99.9 <= 60, wire <= 1.9",
		"paced-60-5: p99 <= 45, p99.9 <= 65, wire <= 3.2",
		"paced-60-1: p99 <= 30, p99.9 <= 45, wire report",
		"paced-10: p99 <= 50, wire report",
		"lane: added p99 <= 1.58, held p99 <= 1.58, queue met p99 report, goodput report",
		"deadline: too late <= 0, unreported <= 0, delivered report, wire report",
		"deadline-plain: too late <= 0, unreported <= 0, delivered report, wire report",
		"queue: queue <= 15",
		"isolated-losses: retransmits <= 110",
		"handshakes: handshakes >= 1000",
	}
	var got []string
	names := make(map[string]bool)
	for _, c := range Cases() {
		if names[c.Name] {
			t.Errorf("two cases are named %s", c.Name)
		}
		names[c.Name] = true
		var targets []string
		for _, target := range c.Targets {
			targets = append(targets, fmt.Sprintf("%v %v", target.Measure, target))
		}
		line := c.Name + ": " + strings.Join(targets, ", ")
		if rest, ok := strings.CutPrefix(c.Name, "flows-"); ok {
			first, second, _ := strings.Cut(rest, "-")
			report := "first's share report, goodput report"
			if first == second {
				report = "share >= 0.4, goodput report"
			}
			if !strings.HasSuffix(line, ": "+report) {
				t.Errorf("%s: want %s", line, report)
			}
			continue
		}
		got = append(got, line)
	}
	if !slices.Equal(got, want) {
		t.Errorf("cases:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if !names["flows-newreno-newreno"] {
		t.Error("newreno is not held against itself")
	}
}

// The networks, in the words of the proxy.
func TestNetworksAreThoseOfTheTable(t *testing.T) {
	const rated = ", rate %s queue 50ms"
	for name, want := range map[string]struct{ both, rate string }{
		"bulk-0":                {"delay 25ms", "50mbit"},
		"bulk-0.1":              {"loss 0.1% after the queue, delay 25ms", "50mbit"},
		"bulk-1":                {"loss 1% after the queue, delay 25ms", "50mbit"},
		"bulk-5":                {"loss 5% after the queue, delay 25ms", "20mbit"},
		"bulk-10":               {"loss 10% after the queue, delay 50ms", "20mbit"},
		"bulk-bursts":           {"loss 2% burst 8 after the queue, delay 25ms", "50mbit"},
		"bulk-reordering":       {"delay 15ms jitter 5ms reordering", "50mbit"},
		"flows-newreno-newreno": {"delay 25ms", "50mbit"},
		"paced-500-plain":       {"loss 5% after the queue, delay 25ms", ""},
		"paced-500":             {"loss 5% after the queue, delay 25ms", ""},
		"paced-60-5":            {"loss 5% after the queue, delay 25ms", ""},
		"paced-60-1":            {"loss 1% after the queue, delay 25ms", ""},
		"paced-10":              {"loss 5% after the queue, delay 25ms", ""},
		"lane":                  {"delay 25ms", "20mbit"},
		"deadline":              {"loss 10% after the queue, delay 25ms", ""},
		"deadline-plain":        {"loss 10% after the queue, delay 25ms", ""},
		"queue":                 {"delay 25ms", "50mbit"},
	} {
		ahead, back := networkOf(t, name)
		data := want.both
		if want.rate != "" {
			data += fmt.Sprintf(rated, want.rate)
		}
		if got, want := ahead.String(), data; got != want {
			t.Errorf("%s: data meets %q, want %q", name, got, want)
		}
		if got := back.String(); got != want.both {
			t.Errorf("%s: acknowledgments meet %q, want %q: no limit of rate", name, got, want.both)
		}
	}
}

func networkOf(t *testing.T, name string) (ahead, back lossy.Profile) {
	t.Helper()
	for _, c := range Cases() {
		if c.Name == name {
			return c.work.(interface {
				profiles() (lossy.Profile, lossy.Profile)
			}).profiles()
		}
	}
	t.Fatalf("there is no case %s", name)
	panic("unreachable")
}

// A hundred losses, none next to another, none before the handshake is through
// and none so late that no packet has the number.
func TestIsolatedLossesAreIsolated(t *testing.T) {
	i := isolated{losses: 100, bytes: 10 << 20}
	for seed := range uint64(50) {
		drops := i.drops(settings{packet: 1452}, seed)
		if len(drops) != 100 {
			t.Fatalf("seed %d: %d losses, want 100", seed, len(drops))
		}
		last := 0
		for n := range i.bytes/1452 + 1 {
			if !drops[n] {
				continue
			}
			if n-last < 18 {
				t.Errorf("seed %d: datagrams %d and %d are lost, want 18 between them", seed, last, n)
			}
			last = n
		}
		if last == 0 || last > i.bytes/1452 {
			t.Errorf("seed %d: the last loss is of datagram %d of about %d", seed, last, i.bytes/1452)
		}
	}
}

func TestOptionsRefuse(t *testing.T) {
	for says, edit := range map[string]func(*Options){
		"seeds 0: must be between 1 and 10000":                func(o *Options) { o.Seeds = 0 },
		"duration 1ms: must be between 1s and 1h0m0s":         func(o *Options) { o.Duration = time.Millisecond },
		"messages 999: must be between 1000 and 10000000":     func(o *Options) { o.Messages = 999 },
		"packet 1199: must be between 1200 and 65507 bytes":   func(o *Options) { o.Packet = 1199 },
		`congestion "x": there is no controller of that name`: func(o *Options) { o.Congestion = "x" },
	} {
		o := DefaultOptions()
		edit(&o)
		if err := o.Validate(); err == nil || !strings.HasPrefix(err.Error(), says) {
			t.Errorf("%+v: %v, want %s", o, err, says)
		}
	}
	if err := DefaultOptions().Validate(); err != nil {
		t.Error(err)
	}
}
