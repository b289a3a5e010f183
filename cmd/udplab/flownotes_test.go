package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

func TestFlowNotes(t *testing.T) {
	every, err := lossy.ParseLossModel("every:20", nil)
	if err != nil {
		t.Fatal(err)
	}
	const note = "up: 298 of 300 flows had 2 packets or fewer, and loss-model every:20 began anew with each; --up-shared-model makes one row of them"
	for what, c := range map[string]struct {
		up, down lossy.Profile
		brief    uint64
		want     []string
	}{
		"queries through a model with a memory": {lossy.Profile{LossModel: every}, lossy.Profile{}, 298, []string{note}},
		"both ways": {lossy.Profile{LossModel: every}, lossy.Profile{Loss: 0.1, Burst: 4}, 298, []string{note,
			"down: 298 of 300 flows had 2 packets or fewer, and burst 4 began anew with each; --down-shared-model makes one row of them"}},
		"the model is one":       {lossy.Profile{LossModel: every, SharedModel: true}, lossy.Profile{}, 298, nil},
		"no memory":              {lossy.Profile{Loss: 0.1}, lossy.Profile{}, 298, nil},
		"most flows are long":    {lossy.Profile{LossModel: every}, lossy.Profile{}, 149, nil},
		"few flows are anything": {lossy.Profile{LossModel: every}, lossy.Profile{}, 9, nil},
	} {
		stats := proxy.Stats{FlowsOpened: 300}
		if c.brief < leastBrief {
			stats.FlowsOpened = c.brief
		}
		stats.Up.BriefFlows, stats.Down.BriefFlows = c.brief, c.brief
		if got := flowNotes(lossy.Config{Up: c.up, Down: c.down}, &stats); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

// The summary of a proxy ends with what there is to note.
func TestSummaryHasFlowNotes(t *testing.T) {
	s := testSession(t, func() time.Time { return time.Unix(1, 0) })
	p := s.fleet.Proxy("default")
	if err := p.SetConfig(lossy.Config{Seed: 7, Up: lossy.Profile{Loss: 0.1, Burst: 4}}); err != nil {
		t.Fatal(err)
	}
	stats := proxy.Stats{FlowsOpened: 12, Up: proxy.DirectionStats{BriefFlows: 11}}
	const want = "\n\nup: 11 of 12 flows had 2 packets or fewer, and burst 4 began anew with each; --up-shared-model makes one row of them"
	if got := s.table(p, &stats); !strings.HasSuffix(got, want) {
		t.Errorf("%q, want %q at its end", got, want)
	}
}
