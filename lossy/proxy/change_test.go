package proxy

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"udplab/lossy"
)

// P8: a change is atomic for every datagram: under one of these profiles it is
// lost, under the other it comes twice, and half of each would let it pass
// once. Run with -race.
func TestP8_ChangeIsAtomicForEveryDatagram(t *testing.T) {
	const datagrams = 4000
	lost := lossy.Config{Seed: 1, Up: lossy.Profile{Loss: 1}}
	twice := lossy.Config{Seed: 1, Up: lossy.Profile{Duplicate: 1}}
	sink := socket(t, "udp", "127.0.0.1:0")
	p := startProxy(t, Config{Config: lost}, newAlarm(), addrOf(sink))

	const enough = 1000 // changes, in far less than a second
	changes := 0
	var changer sync.WaitGroup
	stop := make(chan struct{})
	changer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			cfg := lost
			if i%2 == 0 {
				cfg = twice
			}
			if err := p.SetConfig(cfg); err != nil {
				t.Error(err)
			}
			changes++
		}
	})
	c := client(t, p)
	for i := range uint64(datagrams) {
		send(t, c, "x")
		if i%64 == 63 {
			eventually(t, "the proxy keeps up", func() bool {
				s := p.Stats().Up
				return s.PacketsReceived == i+1
			})
		}
	}
	close(stop)
	changer.Wait()
	if changes < enough {
		t.Errorf("only %d changes were made", changes)
	}
	s := p.Stats().Up.Link
	if s.Dropped[lossy.CauseLoss]+s.Duplicated != s.PacketsIn {
		t.Errorf("%d lost and %d doubled of %d, want every one to be either", s.Dropped[lossy.CauseLoss], s.Duplicated, s.PacketsIn)
	}
	if s.Duplicated == 0 || s.Dropped[lossy.CauseLoss] == 0 {
		t.Errorf("%d lost, %d doubled: the changes never took hold", s.Dropped[lossy.CauseLoss], s.Duplicated)
	}
}

func TestRefusedChangeChangesNothing(t *testing.T) {
	good := lossy.Config{Seed: 1, Up: lossy.Profile{Loss: 0.5}}
	p := startProxy(t, Config{Config: good}, newAlarm(), echo(t, "127.0.0.1:0"))
	if err := p.SetConfig(lossy.Config{Up: lossy.Profile{Loss: 2}}); err == nil {
		t.Error("a loss of 2 was accepted")
	}
	no := errors.New("no")
	err := p.Change(func(s *Settings) error {
		s.Network.Up.Loss, s.Enabled = 0.1, false
		return no
	})
	if !errors.Is(err, no) {
		t.Errorf("got %v, want the error of the edit", err)
	}
	if p.Config() != good || !p.Enabled() {
		t.Errorf("config %+v, enabled %v after refused changes", p.Config(), p.Enabled())
	}
}

// A disabled proxy is a pulled cable, with a cause of its own.
func TestDisabledProxyDropsAsBlackout(t *testing.T) {
	p := startProxy(t, Config{}, newAlarm(), echo(t, "127.0.0.1:0"))
	c := client(t, p)
	exchange(t, c, "before")
	enable := func(on bool) {
		if err := p.Change(func(s *Settings) error { s.Enabled = on; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	enable(false)
	send(t, c, "in the dark")
	eventually(t, "it is dropped", func() bool { return p.Stats().Up.Link.Dropped[lossy.CauseBlackout] == 1 })
	enable(true)
	if got := exchange(t, c, "light"); got != "light" {
		t.Errorf("got %q", got)
	}
}

// A blackout of now ends by itself, holds for flows that appear meanwhile, and
// leaves the other direction alone.
func TestBlackoutNow(t *testing.T) {
	b := startBench(t, Config{}, echo(t, "127.0.0.1:0"))
	old, new := client(t, b.Proxy), client(t, b.Proxy)
	if got := exchange(t, old, "before"); got != "before" {
		t.Fatalf("got %q", got)
	}
	if err := b.Blackout(3*time.Second, lossy.Up); err != nil {
		t.Fatal(err)
	}
	b.pass(3*time.Second - 1)
	send(t, old, "dark")
	send(t, new, "dark")
	eventually(t, "both were dropped", func() bool { return b.Stats().Up.Link.Dropped[lossy.CauseBlackout] == 2 })
	b.pass(1)
	for _, c := range []*net.UDPConn{old, new} {
		if got := exchange(t, c, "after"); got != "after" {
			t.Errorf("got %q", got)
		}
	}
	if err := b.Blackout(time.Hour, lossy.Up, lossy.Down); err != nil {
		t.Fatal(err)
	}
	if err := b.Blackout(0, lossy.Up, lossy.Down); err != nil {
		t.Fatal(err)
	}
	if got := exchange(t, old, "ended"); got != "ended" {
		t.Errorf("got %q", got)
	}
	if err := b.Blackout(-1, lossy.Up); err == nil {
		t.Error("a blackout of less than nothing was accepted")
	}
}

// A rule that could never match is refused: of a class that the classifier does not
// know, of a flow that nobody has named.
func TestRulesOfUnknownNames(t *testing.T) {
	rules := func(text string) (drop lossy.Rules) {
		t.Helper()
		drop, err := lossy.ParseRules(text)
		if err != nil {
			t.Fatal(err)
		}
		return drop
	}
	ann, err := lossy.NamedFlow("ann")
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		Listen: "127.0.0.1:0", Upstream: "127.0.0.1:9",
		Config:  lossy.Config{Down: lossy.Profile{Drop: rules("class=ack; flow=ann; flow=3")}},
		Classes: []string{"ack", "data"},
		Flows:   map[netip.AddrPort]lossy.FlowKey{netip.MustParseAddrPort("127.0.0.1:1"): ann},
	}
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for text, want := range map[string]string{
		"class=akc":           `field "up.drop": rule 1: no datagram is of class "akc", did you mean ack?`,
		"size>1200; flow=anm": `field "up.drop": rule 2: no flow is called "anm", did you mean ann?`,
	} {
		wrong := cfg
		wrong.Up.Drop = rules(text)
		if _, err := New(wrong); err == nil || err.Error() != "proxy: "+want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
		err := p.Change(func(s *Settings) error { s.Network.Up.Drop = wrong.Up.Drop; return nil })
		if err == nil || err.Error() != want || p.Config() != cfg.Config {
			t.Errorf("%s: %v, want %s and no change", text, err, want)
		}
		err = p.Change(func(s *Settings) error {
			s.Overlays = []Overlay{{"some", 0.5, func(n *lossy.Config) error { n.Up.Drop = wrong.Up.Drop; return nil }}}
			return nil
		})
		if want = `overlay "some": ` + want; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// Rules that ask for a class get it from the classifier of the config.
func TestRulesByClass(t *testing.T) {
	drop, err := lossy.ParseRules("class=b,nth=2")
	if err != nil {
		t.Fatal(err)
	}
	p := startProxy(t, Config{
		Config:   lossy.Config{Up: lossy.Profile{Drop: drop}},
		Classify: func(b []byte) string { return string(b[:1]) },
	}, newAlarm(), echo(t, "127.0.0.1:0"))
	c := client(t, p)
	for _, text := range []string{"a1", "b1", "a2", "b2", "a3", "b3"} {
		send(t, c, text)
		if text == "b2" {
			continue
		}
		if got := receive(t, c); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	if n := p.Stats().Up.Link.Dropped[lossy.CauseRule]; n != 1 {
		t.Errorf("%d dropped by rule, want 1", n)
	}
}
