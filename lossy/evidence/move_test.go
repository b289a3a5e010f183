package evidence

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"udplab/lossy"
)

// A log of a network whose rate changed while datagrams waited brings back each at
// the time at which it came out, and not at the one it had when it was decided about.
func TestReplayThroughChangesIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := lossy.Config{Seed: rapid.Uint64().Draw(t, "seed"), Up: drawProfile(t), Down: drawProfile(t)}
		traffic := drawTraffic(t)
		var changes []change
		at, in := time.Duration(0), cfg
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			at += time.Duration(rapid.IntRange(0, 5000).Draw(t, "after")) * time.Microsecond
			for _, p := range []*lossy.Profile{&in.Up, &in.Down} {
				shared := p.SharedBottleneck
				if rapid.Bool().Draw(t, "all") {
					*p = drawProfile(t)
				}
				p.SharedBottleneck = shared
				p.Rate = rapid.SampledFrom([]float64{0, 64e3, 1e6, 4e6, 1e9}).Draw(t, "rate")
			}
			changes = append(changes, change{at, in})
		}
		log, want := playThrough(t, cfg, changes, false, traffic, nil)
		rec, err := Read(bytes.NewReader(log))
		if err != nil {
			t.Fatalf("%v in\n%s", err, log)
		}
		replay := rec.Replay(AfterDrop, nil)
		_, got := play(t, lossy.Config{Seed: cfg.Seed}, false, traffic, replay.Script)
		if s := replay.Stats(); s != (Stats{Decided: uint64(len(traffic))}) {
			t.Errorf("%+v, want %d decided and nothing else", s, len(traffic))
		}
		if where := differ(byLane(got), byLane(want)); where != "" {
			t.Fatalf("%s\nwith the log\n%s", where, log)
		}
	})
}

// A line that moves what no line decided about, or to where nothing can be, is
// refused.
func TestReadMoves(t *testing.T) {
	const header = `{"schema":"udplab/decisions/v1","seed":7,"times":true}` + "\n"
	const packet = `{"t_ns":1,"flow":0,"dir":"up","index":4,"size":3,"copies":2,"wait_ns":500}` + "\n"
	move := func(members string) string { return `{"t_ns":2,"flow":0,"dir":"up",` + members + "}\n" }
	for text, want := range map[string]string{
		move(`"index":4,"moved":1,"by_ns":1`) + packet:                             "line 2: flow 0 up index 4 is moved, and was not decided before",
		packet + move(`"index":5,"moved":1,"by_ns":1`):                             "line 3: index 5 is moved, and was not decided before",
		packet + move(`"index":4,"moved":3,"by_ns":1`):                             "line 3: index 4 has 2 copies, and copy 3 is moved",
		packet + move(`"index":4,"moved":2,"by_ns":-501`):                          "line 3: index 4 is moved to a wait of -1 ns",
		packet + move(`"index":4,"moved":-1,"by_ns":1`):                            "line 3: moved -1: must be between 1 and ",
		packet + move(`"index":4,"moved":1,"by_ns":-72057594037927937`):            "line 3: by_ns -72057594037927937: must be between",
		packet + move(`"index":4,"moved":1,"by_ns":1,"copies":2`):                  "line 3: a line either decides about a packet or moves it",
		packet + move(`"moved":1,"by_ns":1`):                                       "line 3: a decision needs flow, dir, index",
		packet + strings.ReplaceAll(move(`"index":4,"moved":1`), `"up"`, `"down"`): "line 3: flow 0 down index 4 is moved, and was not decided before",
	} {
		var line *LineError
		if _, err := Read(strings.NewReader(header + text)); !errors.As(err, &line) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	rec, err := Read(strings.NewReader(header + packet + move(`"index":4,"moved":2,"by_ns":-100`) + move(`"index":4,"moved":1,"by_ns":7`) + move(`"index":4,"moved":2,"by_ns":-400`)))
	if err != nil {
		t.Fatal(err)
	}
	v, decided := rec.Replay(AfterDrop, nil).Script(lossy.FlowKey{}, lossy.Up)(4, 3)
	want := lossy.Verdict{Index: 0, Copies: 2, Wait: 507, Apart: lossy.PackCopies([]lossy.CopyFate{{Wait: 507}, {}})}
	if !decided || v != want {
		t.Errorf("the fate is %+v, want %+v", v, want)
	}
}
