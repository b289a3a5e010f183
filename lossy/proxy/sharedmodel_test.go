package proxy

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"udplab/lossy"
)

func lossModel(t *testing.T, text string) lossy.LossModel {
	t.Helper()
	m, err := lossy.ParseLossModel(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Clients of one datagram each, over real sockets, lose what the model says of all
// of them together, and each turn is taken once.
func TestSharedModelOfClientsOfOneDatagram(t *testing.T) {
	const clients, seed = 120, 3
	eachSystem(t, func(t *testing.T, newSystem func() system) {
		for text, lost := range map[string]uint64{"every:20": 6, "exactly:k=3,of=10": 36, "list:3 7 10-12": 5} {
			profile := lossy.Profile{LossModel: lossModel(t, text), SharedModel: true}
			var mu sync.Mutex
			turns := make(map[uint64]lossy.Cause)
			tracer := func(_ lossy.FlowKey, d lossy.Direction) func(time.Duration, int, lossy.Verdict) {
				return func(_ time.Duration, _ int, v lossy.Verdict) {
					if d == lossy.Up {
						mu.Lock()
						defer mu.Unlock()
						turns[v.Turn] = v.Drop
					}
				}
			}
			p := startOn(t, newSystem(), Config{Config: lossy.Config{Seed: seed, Up: profile}, Tracer: tracer}, newAlarm(), echo(t, "127.0.0.1:0"))
			for range clients {
				send(t, client(t, p), "query")
			}
			eventually(t, "every query has been read", func() bool { return p.Stats().Up.PacketsReceived == clients })
			if s := p.Stats().Up.Link; s.Dropped[lossy.CauseLoss] != lost {
				t.Errorf("%s: %d of %d lost, want %d", text, s.Dropped[lossy.CauseLoss], clients, lost)
			}
			mu.Lock()
			model := lossy.NewModel(seed, lossy.SharedFlow, lossy.Up, profile)
			for turn := range uint64(clients) {
				if drop, taken := turns[turn]; !taken || drop != model.Decide(5).Drop {
					t.Errorf("%s: turn %d: taken %v, %v", text, turn, taken, drop)
				}
			}
			mu.Unlock()
		}
	})
}

// A flow keeps the seed that it appeared under, and with it the model; those that
// appear under another seed share another.
func TestSharedModelOfAnotherSeed(t *testing.T) {
	profile := lossy.Profile{Loss: 0.5, Burst: 3, SharedModel: true}
	var got []lossy.Verdict
	tracer := func(lossy.FlowKey, lossy.Direction) func(time.Duration, int, lossy.Verdict) {
		return func(_ time.Duration, _ int, v lossy.Verdict) { got = append(got, v) }
	}
	b := startBench(t, Config{Config: lossy.Config{Seed: 1, Up: profile}, Tracer: tracer}, echo(t, "127.0.0.1:0"))
	models := map[uint64]*lossy.Model{}
	var flows []*flow
	appear := func(seed uint64) {
		if err := b.SetConfig(lossy.Config{Seed: seed, Up: profile}); err != nil {
			t.Fatal(err)
		}
		if models[seed] == nil {
			models[seed] = lossy.NewModel(seed, lossy.SharedFlow, lossy.Up, profile)
		}
		for range 2 {
			flows = append(flows, b.flowOf(fmt.Sprintf("192.0.2.%d:1", len(flows)), &answering{}))
		}
	}
	sent := map[*flow]uint64{}
	appear(1)
	for round := range 90 {
		if round == 30 || round == 60 {
			appear(uint64(round))
		}
		f := flows[round*7%len(flows)]
		f.up.input(0, []message{{bytes: []byte("x")}}, 0, b.out)
		want := models[f.seed].Decide(1)
		want.Index, want.Turn, want.Shared = sent[f], want.Index, true
		sent[f]++
		if len(got) != round+1 || got[round] != want {
			t.Fatalf("round %d, a flow of seed %d: %v, want %v", round, f.seed, got[len(got)-1], want)
		}
	}
}

// Who waited to share sets nothing that was replaced meanwhile: what the others
// were given stays in force.
func TestSharedModelKeepsTheLatestRules(t *testing.T) {
	alone := lossy.Profile{Loss: 1}
	b := startBench(t, Config{Config: lossy.Config{Up: alone}}, echo(t, "127.0.0.1:0"))
	first, second := b.flowOf("192.0.2.1:1", &answering{}), b.flowOf("192.0.2.2:1", &answering{})
	set := func(p lossy.Profile) {
		if err := b.SetConfig(lossy.Config{Up: p}); err != nil {
			t.Fatal(err)
		}
	}
	input := func(f *flow) { f.up.input(0, []message{{bytes: []byte("x")}}, 0, b.out) }
	set(lossy.Profile{Loss: 1, SharedModel: true})
	input(first)
	second.up.apply(b.settings.Load()) // and here it waits
	set(lossy.Profile{SharedModel: true})
	input(first)
	second.up.lock()
	second.up.share()
	second.up.unlock()
	input(first)
	input(second)
	if s := b.Stats().Up; s.PacketsSent != 3 || s.Link.Dropped[lossy.CauseLoss] != 1 {
		t.Errorf("%d sent and %d lost, want 3 and the first", s.PacketsSent, s.Link.Dropped[lossy.CauseLoss])
	}
}
