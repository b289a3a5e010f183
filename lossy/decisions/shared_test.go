package decisions

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
)

// sharedLine is what tells in which order packets came to a shared model.
type sharedLine struct {
	Flow  string
	Index int
	Turn  *int
}

// orderOf reads from a log in which order the packets of all flows came.
func orderOf(t *testing.T, log []byte) []sharedLine {
	t.Helper()
	var lines []sharedLine
	for l := range bytes.Lines(log) {
		var line sharedLine
		if err := json.Unmarshal(l, &line); err != nil {
			t.Fatal(err)
		}
		if line.Flow == "" {
			continue // the header
		}
		if line.Turn == nil {
			t.Fatalf("no turn in %s", l)
		}
		lines = append(lines, line)
	}
	slices.SortFunc(lines, func(a, b sharedLine) int { return cmp.Compare(*a.Turn, *b.Turn) })
	for turn, line := range lines {
		if *line.Turn != turn {
			t.Fatalf("turn %d is missing, or taken twice", turn)
		}
	}
	return lines
}

// overSharingLinks sends the same packets in that order over bare links that share
// a model.
func overSharingLinks(t *testing.T, network lossy.Config, l *Log, order []sharedLine) {
	together := lossy.NewModel(network.Seed, lossy.SharedFlow, lossy.Up, network.Up)
	links, numbers := make(map[string]*lossy.Link), make(map[string]int)
	for flow := range flows {
		key := flowKey(t, flow)
		link := lossy.NewLink(network.Seed, key.Number, lossy.Up, network.Up)
		link.SetModel(together)
		link.SetTrace(l.Trace(key, lossy.Up))
		links[key.Name], numbers[key.Name] = link, flow
	}
	for _, line := range order {
		links[line.Flow].Send(time.Duration(line.Index)*time.Millisecond, payload(numbers[line.Flow], line.Index))
	}
}

// Where flows share a model, the order in which their packets come is one cause
// more, and the only one: whoever carries them, on however many goroutines, in
// whatever batches, the log is that of bare links given the same order.
func TestSameSeedAndOrderSameLog(t *testing.T) {
	for name, network := range networks(t) {
		t.Run(name, func(t *testing.T) {
			network.Up.SharedModel = true
			check := func(what string, got []byte) {
				t.Helper()
				order := orderOf(t, got)
				want := logged(t, func(l *Log) { overSharingLinks(t, network, l, order) })
				if !bytes.Equal(got, want) {
					t.Errorf("%s: another log than bare links have for the same order", what)
				}
				alone := network
				alone.Seed++
				if other := logged(t, func(l *Log) { overSharingLinks(t, alone, l, order) }); bytes.Equal(other, want) {
					t.Errorf("%s: the next seed has the same log: the comparison sees nothing", what)
				}
			}
			for _, batch := range []int{1, 64} {
				synctest.Test(t, func(t *testing.T) {
					check("in-memory network", logged(t, func(l *Log) { overNetwork(t, network, l, batch) }))
				})
				for _, goroutines := range []int{1, 16} {
					check("proxy", logged(t, func(l *Log) { overProxy(t, network, l, goroutines, batch) }))
				}
			}
		})
	}
}
