package netem

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"udplab/lossy"
)

func explain(t *testing.T, text string, traffic Traffic) Report {
	t.Helper()
	n, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Explain(n, traffic, Both, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Errorf("%s: %v", text, err)
	}
	return r
}

func near(t *testing.T, what string, got, want, by float64) {
	t.Helper()
	if !(math.Abs(got-want) <= by) {
		t.Errorf("%s is %.6g, want %.6g ± %.2g", what, got, want, by)
	}
}

// What netem loses, by figures that were had from its arithmetic elsewhere.
func TestExplainLoss(t *testing.T) {
	for text, want := range map[string]float64{
		"loss 1% 25%": 0.000005, "loss 0.3% 25%": 0, "loss 5% 25%": 0.0019, "loss 10% 25%": 0.0175, "loss 10% 50%": 0.0011,
		"loss 25% 25%": 0.166, "loss 30% 50%": 0.130, "loss 5%": 0.05, "loss 100%": 1,
		"loss gemodel 1% 25%": 0.01 / 0.26, "loss gemodel 5%": 0.05, "loss gemodel 2% 20% 70% 1%": (0.7*0.02 + 0.01*0.2) / 0.22, "loss gemodel 0% 0% 0% 3%": 0.03,
		"loss state 1% 20% 30% 60% 0.5%": 0.0509259, "loss state 5%": 0.05, "loss state 0% 0% 0% 0% 10%": 0.1 / 1.1,
	} {
		n, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		near(t, text, n.explainLoss().Gives, want, 0.0006*math.Max(want, 0.01)/0.05)
	}
	r := explain(t, "loss 25% 25%", Traffic{})
	near(t, "mean burst", r.Loss.MeanBurst, 1.379, 0.001)
	near(t, "bursts longer than 1", r.Loss.Longer[0], 0.2714, 0.0005)
	near(t, "mean burst of gemodel", explain(t, "loss gemodel 1% 25%", Traffic{}).Loss.MeanBurst, 4, 1e-9)
	near(t, "mean burst of state", explain(t, "loss state 1% 25%", Traffic{}).Loss.MeanBurst, 4, 1e-9)
	near(t, "mean burst of everything", explain(t, "loss 100%", Traffic{}).Loss.MeanBurst, -1, 0)
	if r := explain(t, "delay 1ms", Traffic{}); r.Loss != nil || r.Duplicate != nil || r.AtOnce != nil {
		t.Errorf("a delay alone has %+v", r)
	}
}

// The replay of a chain loses what the formulas say.
func TestExplainAgreesWithItsReplay(t *testing.T) {
	for _, text := range []string{"loss 25% 25%", "loss gemodel 2% 20% 70% 1%", "loss state 1% 20% 30% 60% 0.5%"} {
		r := explain(t, text, Traffic{})
		near(t, text+": replayed loss", r.Replay.Lost, r.Loss.Gives, 0.006)
	}
}

func TestExplainDelayAndOrder(t *testing.T) {
	r := explain(t, "delay 40ms 10ms 25% distribution pareto", Traffic{})
	near(t, "mean", r.Delay.Mean, 40-0.335, 0.1)
	near(t, "sd of pareto", r.Delay.SD, 8.20, 0.05)
	near(t, "least", r.Delay.Min, 33.334, 0.001)
	near(t, "most", r.Delay.Max, 80, 0.002)
	near(t, "correlation of delays", r.Delay.Neighbours, 0, 0.01)
	near(t, "sd of paretonormal", explain(t, "delay 40ms 10ms distribution paretonormal", Traffic{}).Delay.SD, 8.34, 0.05)
	near(t, "sd of uniform", explain(t, "delay 40ms 10ms 50%", Traffic{}).Delay.SD, 10/math.Sqrt(3), 0.05)
	// Where the jitter comes near 2^32 ns correlation does show.
	if d := explain(t, "delay 3s 2s 50%", Traffic{}).Delay; d.SD > 0.95*2000/math.Sqrt(3) || d.Neighbours < 0.1 {
		t.Errorf("a jitter of 2 s with a correlation of 50%% has sd %.0f ms and %.2f between neighbours", d.SD, d.Neighbours)
	}
	below := explain(t, "delay 5ms 10ms", Traffic{})
	near(t, "mean of what zero cuts", below.Delay.Mean, 15.0*15/2/20, 0.05)
	if below.Meant.Refused == "" || below.Imitated.Refused != "" {
		t.Errorf("a jitter above the delay: %+v, %+v", below.Meant, below.Imitated)
	}

	// Late shares by RFC 4737 of 1 ms of jitter, frames of 1500 bytes at 10 and 50 Mbit/s,
	// and of 15 ms at 60 packets a second.
	near(t, "at 10 Mbit/s", explain(t, "delay 10ms 1ms limit 100000", Traffic{PPS: 10e6 / 8 / 1500}).Replay.Reordered, 0.079, 0.005)
	near(t, "at 50 Mbit/s", explain(t, "delay 10ms 1ms limit 100000", Traffic{PPS: 50e6 / 8 / 1500}).Replay.Reordered, 0.546, 0.01)
	near(t, "at 60 pps", explain(t, "delay 40ms 15ms", Traffic{PPS: 60}).Replay.Reordered, 0.097, 0.02)
	near(t, "with a rate", explain(t, "delay 10ms 1ms rate 100mbit", Traffic{PPS: 5000}).Replay.Reordered, 0, 0)

	near(t, "gap", explain(t, "delay 10ms reorder 25% gap 5", Traffic{}).AtOnce.Gives, 0.125, 1e-12)
	near(t, "gap alone", explain(t, "delay 10ms gap 5", Traffic{}).AtOnce.Gives, 0.2, 1e-12)
	near(t, "reorder with correlation", explain(t, "delay 10ms reorder 25% 50% gap 5", Traffic{}).AtOnce.Gives, 0.0543, 0.0002)
}

// 1000 packets under way are 10 kpps for 100 ms; 20 kpps lose half.
func TestExplainLimit(t *testing.T) {
	near(t, "below the limit", explain(t, "delay 100ms", Traffic{PPS: 9_900}).Replay.Limit, 0, 0)
	near(t, "at twice the limit", explain(t, "delay 100ms", Traffic{PPS: 20_000}).Replay.Limit, 0.5, 0.01)
}

func TestExplainRefusesTraffic(t *testing.T) {
	for want, traffic := range map[string]Traffic{
		"pps 0.5": {PPS: 0.5}, "pps 1e+09": {PPS: 1e9}, "pps NaN": {PPS: math.NaN()}, "size -1": {Size: -1}, "size 65508": {Size: 65508},
	} {
		if _, err := Explain(Netem{Limit: 1000}, traffic, Both, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", traffic, err, want)
		}
	}
}

func TestEquivalentFlags(t *testing.T) {
	const all = "loss 5% 25% delay 40ms 10ms 20% distribution pareto reorder 25% gap 5 duplicate 1% 30% corrupt 0.1%"
	for _, c := range []struct {
		text            string
		direction       Direction
		meant, imitated string
	}{
		{all, Both,
			"--loss-model correlated:p=5%,rho=0.25 --shared-model --delay 40ms --jitter 10ms --delay-distribution pareto --jitter-reorder --reorder 25% --reorder-gap 5 --duplicate 1% --corrupt 0.1%",
			"--loss-model netem:p=5%,correlation=25% --shared-model --delay 40ms --jitter 10ms --delay-distribution netem-pareto --netem-compat=on:limit=1000,duplicate=30%,delay=20% --jitter-reorder --reorder 25% --reorder-gap 5 --duplicate 1% --corrupt 0.1%"},
		{"loss 5% rate 1mbit -14 limit 50", Up,
			"--up-loss 5% --up-rate 1mbit --up-overhead 28 --up-queue 50packets --up-shared-bottleneck",
			"--up-loss-model netem:p=5% --up-netem-compat=on:limit=50 --up-rate 1mbit --up-overhead 28 --up-queue 50packets --up-shared-bottleneck"},
		{"loss gemodel 1% 25%", Down,
			"--down-loss-model gilbert-elliott:p=1%,r=25%,bad=100%,good=0% --down-shared-model",
			"--down-loss-model gilbert-elliott:p=1%,r=25%,bad=100%,good=0% --down-shared-model --down-netem-compat=on:limit=1000"},
		{"gap 5 delay 10ms", Up,
			"--up-shared-model --up-delay 10ms --up-reorder 100% --up-reorder-gap 5",
			"--up-shared-model --up-delay 10ms --up-netem-compat=on:limit=1000 --up-reorder 100% --up-reorder-gap 5"},
		{"loss 100% 50%", Both, "--loss 100%", "--loss-model netem:p=100%,correlation=50% --shared-model --netem-compat=on:limit=1000"},
	} {
		n, err := Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Explain(n, Traffic{}, c.direction, nil)
		if err != nil || r.Meant.Flags != c.meant || r.Imitated.Flags != c.imitated {
			t.Errorf("%s: %v\nmeant    %s\nwant     %s\nimitated %s\nwant     %s", c.text, err, r.Meant.Flags, c.meant, r.Imitated.Flags, c.imitated)
		}
	}
	if got := quoted("it's"); got != `'it'\''s'` {
		t.Errorf("quoted %s", got)
	}
}

// What cannot be done is refused, what is done otherwise is told.
func TestTranslations(t *testing.T) {
	table := func(name string) ([]byte, error) {
		if !strings.HasSuffix(name, ".dist") {
			return nil, errors.New("no file " + name)
		}
		return []byte("-8192 0 8192"), nil
	}
	for text, want := range map[string]string{
		"slot 1ms":                          "slot: delivery in batches cannot be done",
		"rate 1mbit 0 48 5":                 "cells of 48 bytes cannot be counted",
		"rate 10bit":                        "a rate lies between 1kbit and 1tbit",
		"rate 1mbit -43":                    "must lie between -42 and 982",
		"limit 0":                           "limit 0: netem drops everything",
		"loss state 1% 80% 30%":             "netem's settings are none of ours: loss-model",
		"delay 2ms 1ms distribution absent": "distribution: no file absent",
	} {
		n, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		_, meant := n.Meant(table)
		_, imitated := n.Imitated(table)
		for _, err := range []error{meant, imitated} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", text, err, want)
			}
		}
	}
	for text, want := range map[string]string{
		"loss 5% ecn":              "ecn: what netem would mark is lost",
		"seed 3":                   "seed: netem's",
		"corrupt 1% 20%":           "corrupt: the correlation is left out",
		"delay 2ms 1ms 10%":        "delay: the correlation of 10% is left out",
		"rate 1mbit":               "rate: netem counts frames",
		"rate 1mbit delay 2ms 1ms": "with a rate netem keeps the order",
		"limit 50 delay 1ms":       "limit: without a rate nothing queues",
		"loss 5% 100%":             "is taken for 99.9%",
		"gap 5 delay 1ms":          "gap: alone it is reorder 100% for the kernel, so one packet in 5 is sent at once",
	} {
		n, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := n.Meant(table)
		if err != nil || !slices.ContainsFunc(tr.Notices, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("%s: %q, %v, want %s", text, tr.Notices, err, want)
		}
	}
	n, err := Parse("delay 2ms 1ms distribution /x/mine.dist")
	if err != nil {
		t.Fatal(err)
	}
	if tr, err := n.Imitated(table); err != nil || tr.Profile.Distribution.String() != "table:/x/mine.dist" {
		t.Errorf("a table of one's own: %+v, %v", tr, err)
	}
	if _, err := n.Meant(nil); !errors.Is(err, lossy.ErrNamesFile) {
		t.Errorf("a file without leave to read: %v", err)
	}
	n.Distribution = "experimental"
	if tr, err := n.Meant(table); err != nil || !strings.HasSuffix(tr.Profile.Distribution.String(), "experimental.dist") {
		t.Errorf("experimental: %+v, %v", tr, err)
	}
	if _, err := n.Meant(func(string) ([]byte, error) { return nil, errors.New("no") }); err == nil || !strings.Contains(err.Error(), "is a measured table") {
		t.Errorf("experimental where it is not: %v", err)
	}
}
