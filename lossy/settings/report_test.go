package settings

import (
	"encoding/json"
	"testing"
	"time"

	"udplab/lossy"
)

// Differences are the fields in which the two reports differ, with the values
// that stand there.
func TestDifferencesAgreeWithReports(t *testing.T) {
	drop, err := lossy.ParseRules("size>1200")
	if err != nil {
		t.Fatal(err)
	}
	profiles := []lossy.Profile{
		{},
		{Loss: 0.05, Burst: 4, Delay: 40 * time.Millisecond},
		{Loss: 0.05, Delay: 40 * time.Millisecond, MTU: 1200, Drop: drop},
		{Rate: 1e6, QueuePackets: 10, Overhead: 28, ECN: true, Discipline: lossy.RED{Min: 5, Max: 15, Probability: 0.1, Weight: 0.1}},
		{Rate: 1e6, Queue: time.Second, SharedBottleneck: true, Discipline: lossy.DropHead{}},
	}
	decode := func(p lossy.Profile) (fields map[string]any) {
		b, err := json.Marshal(Report(p))
		if err == nil {
			err = json.Unmarshal(b, &fields)
		}
		if err != nil {
			t.Fatal(err)
		}
		return fields
	}
	for _, was := range profiles {
		for _, is := range profiles {
			got := Differences(&was, &is)
			left := len(got)
			before, after := decode(was), decode(is)
			for name := range before {
				if before[name] == after[name] {
					continue
				}
				left--
				found := false
				for _, d := range got {
					b, err := json.Marshal([]any{d.Was, d.Is})
					want, _ := json.Marshal([]any{before[name], after[name]})
					found = found || d.Name == name && err == nil && string(b) == string(want)
				}
				if !found {
					t.Errorf("%v to %v: %s from %v to %v is not in %v", was, is, name, before[name], after[name], got)
				}
			}
			if left != 0 {
				t.Errorf("%v to %v: %d differences are none: %v", was, is, left, got)
			}
		}
	}
}
