package lossy

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestNamedFlow(t *testing.T) {
	seen := make(map[uint64]string)
	for _, name := range []string{"ann", "bob", "ab", "ba", "aa", "a", "A", "10.0.0.7", "client-1", strings.Repeat("x", MaxFlowName)} {
		key, err := NamedFlow(name)
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if other, twice := seen[key.Number]; twice {
			t.Errorf("%q and %q are one flow", name, other)
		}
		seen[key.Number] = name
		if key.String() != name || key.Number < 1<<63 {
			t.Errorf("%q became %v, number %d", name, key, key.Number)
		}
	}
	// What a name means is part of what a seed means.
	if key, _ := NamedFlow("ann"); key.Number != 0xb076d2992960cd27 {
		t.Errorf("flow ann has number %#x", key.Number)
	}
	if key, err := NamedFlow("17"); err != nil || key != (FlowKey{Number: 17}) || key.String() != "17" {
		t.Errorf("flow 17 became %+v, %v", key, err)
	}
	for _, name := range []string{"", "a b", `a"`, "ä", "4294967296", strings.Repeat("x", MaxFlowName+1)} {
		if key, err := NamedFlow(name); err == nil {
			t.Errorf("%q was accepted as %v", name, key)
		}
	}
}

func TestNumberingSkipsWhatIsReserved(t *testing.T) {
	var n Numbering
	for _, number := range []uint64{0, 2, 3, 1 << 63} {
		n.Reserve(FlowKey{Number: number})
	}
	for _, want := range []uint64{1, 4, 5} {
		if got := n.Next(); got != (FlowKey{Number: want}) {
			t.Errorf("next is %v, want %d", got, want)
		}
	}
}

// A flow with a key of its own fares as that key does and shifts nobody.
func TestSetFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork(Config{Seed: 3, Up: Profile{Loss: 0.5}})
		defer n.Close()
		heard := make(map[string][]Verdict)
		n.SetTracer(func(flow FlowKey, d Direction) func(time.Duration, int, Verdict) {
			return func(_ time.Duration, _ int, v Verdict) {
				heard[flow.String()+" "+d.String()] = append(heard[flow.String()+" "+d.String()], v)
			}
		})
		ann, err := NamedFlow("ann")
		if err != nil {
			t.Fatal(err)
		}
		if err := n.SetFlow(bob, alice, ann); err != nil {
			t.Fatal(err)
		}
		if err := n.SetFlow(bob, alice, ann); err == nil {
			t.Error("a flow that has appeared got another key")
		}
		a, b, c := mustListen(t, n, alice), mustListen(t, n, bob), mustListen(t, n, carol)
		for range 100 {
			mustWrite(t, a, "x", bob)
			mustWrite(t, b, "x", alice)
			mustWrite(t, c, "x", alice)
		}
		for name, m := range map[string]*Model{
			"ann up":   NewModel(3, ann.Number, Up, Profile{Loss: 0.5}),
			"ann down": NewModel(3, ann.Number, Down, Profile{}),
			"0 up":     NewModel(3, 0, Up, Profile{Loss: 0.5}),
		} {
			for i := range 100 {
				if want := m.Decide(1); i >= len(heard[name]) || heard[name][i] != want {
					t.Fatalf("%s: heard %v, want %v at %d", name, heard[name], want, i)
				}
			}
		}
		if len(heard) != 3 {
			t.Errorf("heard of %d directions, want 3", len(heard))
		}
	})
}
