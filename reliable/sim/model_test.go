package sim

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"udplab/lossy"
	"udplab/proto"
	"udplab/reliable/arq"
)

// drawnProfile is any network that lets something through.
func drawnProfile(t *rapid.T, label string) lossy.Profile {
	probability := func(name string, most float64) float64 {
		return rapid.Float64Range(0, most).Draw(t, label+" "+name)
	}
	delay := time.Duration(rapid.IntRange(0, 100).Draw(t, label+" delay ms")) * time.Millisecond
	return lossy.Profile{
		Delay: delay, Jitter: time.Duration(probability("jitter", 1) * float64(delay)),
		Loss: probability("loss", 0.6), Duplicate: probability("duplicate", 1), Corrupt: probability("corrupt", 0.4),
		Reorder: probability("reorder", 0.5), ReorderBy: rapid.IntRange(1, 30).Draw(t, label+" reorder by"),
	}
}

// drawnOptions is any lane, of few so that messages meet.
func drawnOptions(t *rapid.T) arq.SendOptions {
	o := arq.SendOptions{
		Channel: rapid.SampledFrom([]uint8{0, 0, 1, 255}).Draw(t, "channel"),
		Mode:    rapid.SampledFrom(allModes).Draw(t, "mode"),
	}
	if o.Mode == proto.ModeDeadline {
		o.Lifetime = time.Duration(rapid.OneOf(rapid.IntRange(0, 500), rapid.IntRange(0, 20_000)).Draw(t, "lifetime ms")) * time.Millisecond
	}
	return o
}

var allModes = []proto.Mode{
	proto.ModeOrdered, proto.ModeUnordered, proto.ModeLatest, proto.ModeSequenced, proto.ModeUnreliable, proto.ModeDeadline,
}

// TestA1_Model is the promise of package arq in one test: whatever the network
// loses, repeats, reorders and damages, in whatever order both ends send on
// whatever lanes, read and wait, each message arrives as its mode promises, or
// its sender is told. The oracle holds the dumb version of the truth; rapid
// shrinks what breaks it.
func TestA1_Model(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := NewWorld(rapid.Uint64().Draw(t, "seed"))
		config := arq.EndpointConfig{Listen: true, Conn: arq.Config{
			IdleTimeout: -1, HandshakeTimeout: -1, FirstNumber: -rapid.Uint32Range(0, 20).Draw(t, "before the wrap"),
			ReceiveWindow: rapid.SampledFrom([]int{4 << 10, 20_000, 1 << 20}).Draw(t, "window"),
			MaxPacket:     rapid.SampledFrom([]int{1200, 1472, 9000}).Draw(t, "packet"),
			Redundancy:    rapid.SampledFrom([]arq.Redundancy{arq.RedundancyAdaptive, arq.RedundancyOff}).Draw(t, "redundancy"),
		}}
		a, b := w.AddNode("a", config), w.AddNode("b", config)
		late := rapid.Bool().Draw(t, "read late")
		a.ManualRead, b.ManualRead = late, late
		w.Path(a, b).SetProfile(drawnProfile(t, "a to b"))
		w.Path(b, a).SetProfile(drawnProfile(t, "b to a"))
		ends := []*End{a.Dial(b)}
		b.OnNew = func(e *End) { ends = append(ends, e) }
		for range rapid.IntRange(1, 25).Draw(t, "operations") {
			e := ends[rapid.IntRange(0, len(ends)-1).Draw(t, "end")]
			switch rapid.SampledFrom([]string{"send", "send", "lane", "read", "read one", "wait"}).Draw(t, "operation") {
			case "send":
				e.QueueOn(drawnOptions(t), rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 2000), rapid.IntRange(0, 30_000)), 1, 4).Draw(t, "sizes")...)
			case "read":
				e.Read(rapid.IntRange(1, 5).Draw(t, "count"))
			case "read one":
				e.ReadOn(rapid.SampledFrom([]uint8{0, 1, 255}).Draw(t, "channel"), rapid.IntRange(1, 5).Draw(t, "count"))
			case "lane":
				e.SetLane(rapid.SampledFrom([]uint8{0, 1, 255}).Draw(t, "channel"), arq.Lane{
					Priority: rapid.Int8().Draw(t, "priority"), Weight: rapid.Uint8().Draw(t, "weight"),
				})
			case "wait":
				w.Run(time.Duration(rapid.IntRange(1, 2000).Draw(t, "milliseconds")) * time.Millisecond)
			}
		}
		w.Path(a, b).SetProfile(lossy.Profile{Delay: time.Millisecond})
		w.Path(b, a).SetProfile(lossy.Profile{Delay: time.Millisecond})
		for range 120 { // healed: everything arrives within two minutes
			for _, e := range ends {
				e.Read(1 << 20)
			}
			w.Run(time.Second)
		}
		w.oracle.settled()
		if len(ends) != 2 || ends[0].state != arq.Open || ends[1].state != arq.Open {
			t.Fatalf("%d ends, %v, %v and %v, want one connection, open", len(ends), ends, ends[0].Conn.Err(), ends[len(ends)-1].Conn.Err())
		}
		if err := w.Err(); err != nil {
			t.Fatal(err)
		}
	})
}
