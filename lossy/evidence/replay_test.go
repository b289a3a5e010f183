package evidence

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"udplab/lossy"
)

// Whatever the network, its log brings back every datagram to the bit and the
// nanosecond, and writes itself again. The replay runs over a perfect network and
// over one that would do something else.
func TestReplayIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := lossy.Config{Seed: rapid.Uint64().Draw(t, "seed"), Up: drawProfile(t), Down: drawProfile(t)}
		traffic := drawTraffic(t)
		log, want := play(t, cfg, false, traffic, nil)
		rec, err := Read(bytes.NewReader(log))
		if err != nil {
			t.Fatalf("%v in\n%s", err, log)
		}
		if rec.Decisions != uint64(len(traffic)) {
			t.Fatalf("%d decisions for %d datagrams", rec.Decisions, len(traffic))
		}
		for name, other := range map[string]lossy.Config{
			"perfect network": {Seed: cfg.Seed},
			"other network":   {Seed: cfg.Seed, Up: drawProfile(t), Down: drawProfile(t)},
		} {
			replay := rec.Replay(AfterDrop, nil)
			again, got := play(t, other, false, traffic, replay.Script)
			if s := replay.Stats(); s != (Stats{Decided: rec.Decisions}) {
				t.Errorf("%s: %+v, want %d decided and nothing else", name, s, rec.Decisions)
			}
			if canonical(again) != canonical(log) {
				t.Fatalf("%s: the replay's log is\n%s\nand that of the run was\n%s", name, canonical(again), canonical(log))
			}
			if !headed(cfg) && !bytes.Equal(again, log) {
				t.Fatalf("%s: the replay's log is\n%s\nand that of the run was\n%s", name, again, log)
			}
			if where := differ(byLane(got), byLane(want)); where != "" {
				t.Fatalf("%s: %s", name, where)
			}
		}
	})
}

// A log without times holds no waits and no marks, and brings back all else.
func TestTimelessReplay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := lossy.Config{Seed: rapid.Uint64().Draw(t, "seed"), Up: drawProfile(t), Down: drawProfile(t)}
		traffic := drawTraffic(t)
		log, _ := play(t, cfg, true, traffic, nil)
		rec, err := Read(bytes.NewReader(log))
		if err != nil {
			t.Fatalf("%v in\n%s", err, log)
		}
		if rec.Times {
			t.Fatal("the log has no times, and the recording says it has")
		}
		again, _ := play(t, lossy.Config{Seed: cfg.Seed}, true, traffic, rec.Replay(AfterDrop, nil).Script)
		if canonical(again) != canonical(log) {
			t.Fatalf("the replay's log is\n%s\nand that of the run was\n%s", canonical(again), canonical(log))
		}
	})
}

// What lies beyond the log is counted and treated as asked; what lies within it
// and has no line there is the network's.
func TestBeyondTheLog(t *testing.T) {
	const log = `{"schema":"udplab/decisions/v1","seed":7,"times":true}
{"t_ns":1,"flow":0,"dir":"up","index":0,"size":3,"copies":1}
{"left_out":1}
{"t_ns":3,"flow":0,"dir":"up","index":2,"size":3,"drop":"loss"}
`
	for _, c := range []struct {
		after After
		out   int // of five datagrams; the fates of the first three are not in question
		stops int
	}{{AfterPass, 4, 0}, {AfterDrop, 2, 0}, {AfterStop, 2, 1}} {
		rec, err := Read(strings.NewReader(log))
		if err != nil {
			t.Fatal(err)
		}
		stops := 0
		replay := rec.Replay(c.after, func() { stops++ })
		l := lossy.NewLink(7, 0, lossy.Up, lossy.Profile{})
		l.SetScript(replay.Script(lossy.FlowKey{}, lossy.Up))
		for range 5 {
			l.Send(0, []byte("four"))
		}
		out := 0
		for some := true; some; {
			if _, some = l.Receive(0, nil); some {
				out++
			}
		}
		if out != c.out || stops != c.stops {
			t.Errorf("%v: %d came out and %d stops, want %d and %d", c.after, out, stops, c.out, c.stops)
		}
		if got, want := replay.Stats(), (Stats{Decided: 2, Beyond: 2, Missing: 1, Resized: 2}); got != want {
			t.Errorf("%v: %+v, want %+v", c.after, got, want)
		}
		other := lossy.NewLink(7, 1, lossy.Up, lossy.Profile{})
		other.SetScript(replay.Script(lossy.FlowKey{Number: 1}, lossy.Up))
		other.Send(0, nil)
		if got := replay.Stats().Beyond; got != 3 {
			t.Errorf("%v: %d beyond after one of a flow that is not in the log, want 3", c.after, got)
		}
	}
}

// A flow that begins anew meets the fates of its next life.
func TestLives(t *testing.T) {
	const log = `{"schema":"udplab/decisions/v1","seed":7,"times":true}
{"t_ns":1,"flow":"ann","dir":"up","index":0,"size":1,"drop":"loss"}
{"t_ns":2,"flow":"ann","dir":"up","index":1,"size":1,"copies":1}
{"t_ns":9,"flow":"ann","dir":"up","index":0,"size":1,"copies":1}
`
	rec, err := Read(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	replay := rec.Replay(AfterDrop, nil)
	for life, want := range [][]lossy.Cause{
		{lossy.CauseLoss, lossy.CauseNone, lossy.CauseBlackout}, {lossy.CauseNone, lossy.CauseBlackout}, {lossy.CauseBlackout},
	} {
		script := replay.Script(worldKey(2), lossy.Up)
		for i, cause := range want {
			if v, _ := script(uint64(i), 1); v.Drop != cause {
				t.Errorf("life %d index %d: %v, want cause %v", life, i, v, cause)
			}
		}
	}
}

// Proxies that share a log have fates of their own there.
func TestSeveralProxies(t *testing.T) {
	const log = `{"schema":"udplab/decisions/v1","seed":7,"times":true}
{"t_ns":1,"flow":0,"dir":"up","index":0,"size":1,"drop":"loss"}
{"t_ns":1,"proxy":"b","flow":0,"dir":"up","index":0,"size":1,"drop":"queue"}
`
	rec, err := Read(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	replay := rec.Replay(AfterPass, nil)
	for proxy, want := range map[string]lossy.Cause{"": lossy.CauseLoss, "b": lossy.CauseQueue, "c": lossy.CauseNone} {
		if v, _ := replay.ScriptOf(proxy)(lossy.FlowKey{}, lossy.Up)(0, 1); v.Drop != want {
			t.Errorf("proxy %q: %v, want %v", proxy, v.Drop, want)
		}
	}
	if rec.Flows() != 2 {
		t.Errorf("%d flows, want 2", rec.Flows())
	}
}

// What a packet of another size cannot suffer it does not.
func TestResizedDamage(t *testing.T) {
	const log = `{"schema":"udplab/decisions/v1","seed":7,"times":true}
{"t_ns":1,"flow":0,"dir":"up","index":0,"size":3,"copies":1,"bit":23}
{"t_ns":1,"flow":0,"dir":"up","index":1,"size":3,"copies":1,"bit":7}
{"t_ns":1,"flow":0,"dir":"up","index":2,"size":1,"copies":1,"bytes":[0],"key":"5"}
`
	rec, err := Read(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	l := lossy.NewLink(7, 0, lossy.Up, lossy.Profile{})
	l.SetScript(rec.Replay(AfterDrop, nil).Script(lossy.FlowKey{}, lossy.Up))
	for i, c := range []struct{ sent, want string }{{"ab", "ab"}, {"ab", "`b"}, {"", ""}} {
		l.Send(0, []byte(c.sent))
		got, came := l.Receive(0, nil)
		if !came || string(got) != c.want {
			t.Errorf("%d: %q came out %v as %q, want %q", i, c.sent, came, got, c.want)
		}
	}
}

// headed says whether a queue decides later than a datagram comes. Its log has
// the same decisions as that of a replay, which knows them at once.
func headed(cfg lossy.Config) bool {
	for _, p := range []lossy.Profile{cfg.Up, cfg.Down} {
		switch p.Discipline.(type) {
		case lossy.DropHead, lossy.CoDel:
			return true
		}
	}
	return false
}
