package evidence

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/lossy/settings"
)

var update = flag.Bool("update", false, "write minimal_drops_test.go anew")

const dropsLog = header + `{"t_ns":1,"flow":0,"dir":"up","index":0,"size":3,"copies":1}
{"t_ns":1,"flow":0,"dir":"up","index":4,"size":3,"drop":"loss"}
{"t_ns":1,"flow":0,"dir":"up","index":3,"size":3,"drop":"queue"}
{"t_ns":1,"flow":"ann","dir":"up","index":3,"turn":5,"size":9,"drop":"rule","rule":2}
{"t_ns":1,"flow":"ann","dir":"down","index":7,"size":9,"drop":"loss"}
{"t_ns":1,"proxy":"other","flow":0,"dir":"down","index":7,"size":9,"drop":"loss"}
`

func readDrops(t *testing.T) []Drop {
	t.Helper()
	rec, err := Read(strings.NewReader(dropsLog))
	if err != nil {
		t.Fatal(err)
	}
	return rec.Drops()
}

func TestDrops(t *testing.T) {
	ann := worldKey(2)
	want := []Drop{
		{lossy.FlowKey{}, lossy.Up, 3, 3, lossy.CauseQueue, 0, false, 0}, {lossy.FlowKey{}, lossy.Up, 4, 3, lossy.CauseLoss, 0, false, 0},
		{ann, lossy.Up, 3, 9, lossy.CauseRule, 2, true, 5}, {ann, lossy.Down, 7, 9, lossy.CauseLoss, 0, false, 0},
	}
	got := readDrops(t)
	if !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	if got, want := got[2].String(), "flow ann up index 3, turn 5 (rule 2, 9 bytes)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	only := Only(want)
	if only(lossy.FlowKey{}, lossy.Down) != nil {
		t.Error("a lane without drops has a script")
	}
	script := only(ann, lossy.Up)
	for index, want := range []bool{false, false, false, true, false} {
		if v, dropped := script(uint64(index), 1); dropped != want || dropped && (v.Drop != lossy.CauseRule || v.Turn != 5) {
			t.Errorf("index %d: %v %v", index, v, dropped)
		}
	}
}

// A profile that drops a list is one that drops it: the same packets as the
// script does, and nothing else of it is another's.
func TestApply(t *testing.T) {
	drops, ann := readDrops(t), worldKey(2)
	var c lossy.Config
	if err := Apply(&c, drops, false); err != nil {
		t.Fatal(err)
	}
	if got, want := c.Up.Drop.String(), "flow=0,index=3-4; flow=ann,index=3"; got != want {
		t.Errorf("up: %q, want %q", got, want)
	}
	if got, want := c.Down.Drop.String(), "flow=ann,index=7"; got != want {
		t.Errorf("down: %q, want %q", got, want)
	}
	c = lossy.Config{}
	if err := Apply(&c, drops[:2], true); err != nil {
		t.Fatal(err)
	}
	if got, want := c.Up.LossModel.String(), "list:3-4"; got != want || c.Down != (lossy.Profile{}) {
		t.Errorf("up: %q, want %q; down: %v", got, want, c.Down)
	}
	// Turns are for a model that flows share, if all of a direction have one.
	shared := []Drop{{Flow: ann, Dir: lossy.Up, Index: 0, Shared: true, Turn: 12}, {Dir: lossy.Up, Index: 3, Shared: true, Turn: 4}, {Dir: lossy.Up, Index: 4, Shared: true, Turn: 5}}
	for _, c := range []struct {
		drops   []Drop
		oneFlow bool
		model   string
		rules   string
	}{
		{shared, false, "list:4-5 12", ""},
		{shared[1:], true, "list:4-5", ""},
		{ByFlow(shared), false, "", "flow=ann,index=0; flow=0,index=3-4"},
		{append(ByFlow(shared[1:]), shared[0]), false, "", "flow=0,index=3-4; flow=ann,index=0"},
	} {
		var got lossy.Config
		if err := Apply(&got, c.drops, c.oneFlow); err != nil {
			t.Fatal(err)
		}
		model := ""
		if got.Up.LossModel != nil {
			model = got.Up.LossModel.String()
		}
		if model != c.model || got.Up.Drop.String() != c.rules || got.Up.SharedModel != (model != "") || got.Down.SharedModel {
			t.Errorf("%v: %q, %q, shared model %v", c.drops, model, got.Up.Drop, got.Up.SharedModel)
		}
	}
	// The index of the only flow is no turn where it shared for a part of the time.
	partly := lossy.Config{Up: lossy.Profile{SharedModel: true}}
	if err := Apply(&partly, ByFlow(shared[1:]), true); err != nil || partly.Up.LossModel != nil {
		t.Errorf("%v, %v", partly.Up, err)
	}
	var many []Drop
	for i := range uint64(lossy.MaxRules + 1) {
		many = append(many, Drop{Index: 2 * i, Cause: lossy.CauseLoss})
	}
	if err := Apply(new(lossy.Config), many, false); err == nil {
		t.Error("more rules than a profile takes were accepted")
	}
}

func TestLossless(t *testing.T) {
	cfg := everything(t)
	for _, p := range []lossy.Profile{cfg.Up, cfg.Down} {
		p.Policer, p.ECN = lossy.Policer{Rate: 1e6, Burst: 9000}, true
		got := Lossless(p)
		if err := got.Validate(); err != nil {
			t.Fatal(err)
		}
		l := lossy.NewLink(1, 0, lossy.Up, got)
		for range 3000 {
			l.Send(0, make([]byte, 1400))
		}
		if s := l.Stats(); s.Drops() > 0 {
			t.Errorf("%v: %d drops", got, s.Drops())
		}
		if got.Delay != p.Delay || got.Rate != p.Rate || got.Reorder != p.Reorder || got.Corrupt != p.Corrupt {
			t.Errorf("%v: not else the same as %v", got, p)
		}
	}
}

// The test that GoTest writes is one of this package: it compiles and passes.
func TestGoTest(t *testing.T) {
	const file = "minimal_drops_test.go"
	drops := readDrops(t)
	c := lossy.Config{Up: lossy.Profile{Delay: 5 * time.Millisecond}}
	if err := Apply(&c, drops, false); err != nil {
		t.Fatal(err)
	}
	object, err := settings.Marshal(map[string]any{
		"up":   map[string]string{"delay": "5ms", "drop": c.Up.Drop.String()},
		"down": map[string]string{"drop": c.Down.Drop.String()},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := GoTest("evidence_test", 7, strings.TrimSpace(string(object)), drops)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))) {
		t.Errorf("GoTest writes another test than %s is: see what changed with -update and git diff", file)
	}
	if quoted, err := GoTest("p", 1, "{\"x\":\"`\"}", drops); err != nil || !bytes.Contains(quoted, []byte(`"{\"x\":\"`+"`"+`\"}"`)) {
		t.Errorf("a back quote: %v\n%s", err, quoted)
	}
}
