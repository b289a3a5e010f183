package proxy

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"udplab/lossy"
)

func losing(share, loss float64) Overlay {
	return Overlay{"losing", share, func(c *lossy.Config) error { c.Up.Loss, c.Down.Loss = loss, loss; return nil }}
}

func slow(share float64, d time.Duration) Overlay {
	return Overlay{"slow", share, func(c *lossy.Config) error { c.Up.Delay, c.Down.Delay = d, d; return nil }}
}

// overlaid are the overlays of every flow, by its number, after holding both of
// its lanes to them.
func overlaid(t *testing.T, b *bench) map[uint64][]string {
	t.Helper()
	s := b.settings.Load()
	all := make(map[uint64][]string)
	for _, f := range b.table.flows {
		names := f.overlays(s)
		all[f.key.Number] = names
		for _, l := range []*lane{&f.up, &f.down} {
			l.input(0, nil, 0, b.out) // takes the settings in force
			p := l.link.Profile()
			if got, want := p.Loss > 0, slices.Contains(names, "losing"); got != want {
				t.Fatalf("flow %v %v loses: %v, want %v", f.key, l.direction, got, want)
			}
			if got, want := p.Delay > 0, slices.Contains(names, "slow"); got != want {
				t.Fatalf("flow %v %v is slow: %v, want %v", f.key, l.direction, got, want)
			}
		}
	}
	return all
}

// populate has flows appear, in any order and from any number of goroutines,
// each of them under the number of its place.
func populate(t *testing.T, cfg Config, flows, goroutines int) *bench {
	cfg.Flows = make(map[netip.AddrPort]lossy.FlowKey)
	address := func(n int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), uint16(1+n))
	}
	for n := range flows {
		cfg.Flows[address(n)] = lossy.FlowKey{Number: uint64(n)}
	}
	b := startBench(t, cfg, echo(t, "127.0.0.1:0"))
	var group sync.WaitGroup
	for g := range goroutines {
		group.Go(func() {
			for n := flows - 1 - g; n >= 0; n -= goroutines {
				b.flowOf(address(n).String(), &answering{})
			}
		})
	}
	group.Wait()
	return b
}

// Each flow has each overlay with its share, in both directions, and neither
// the other overlays nor the order in which flows appear have a say. z = 4.89.
func TestOverlayShares(t *testing.T) {
	flows := 4000
	if raceEnabled {
		flows = 1000
	}
	cfg := Config{Config: lossy.Config{Seed: 3}, Overlays: []Overlay{losing(0.3, 1), slow(0.5, time.Second)}}
	one := overlaid(t, populate(t, cfg, flows, 1))
	many := overlaid(t, populate(t, cfg, flows, 16))
	var losing, slow, both float64
	for number, names := range one {
		if !slices.Equal(names, many[number]) {
			t.Fatalf("flow %d has %q, and %q when 16 goroutines bring flows", number, names, many[number])
		}
		l, s := slices.Contains(names, "losing"), slices.Contains(names, "slow")
		for _, c := range []struct {
			count *float64
			is    bool
		}{{&losing, l}, {&slow, s}, {&both, l && s}} {
			if c.is {
				*c.count++
			}
		}
	}
	for what, c := range map[string]struct{ hit, share float64 }{
		"losing": {losing, 0.3}, "slow": {slow, 0.5}, "both": {both, 0.15},
	} {
		n := float64(flows)
		z := (c.hit - n*c.share) / math.Sqrt(n*c.share*(1-c.share))
		if math.Abs(z) > 4.89 {
			t.Errorf("%s: %v of %d flows, want a share of %v: z = %.2f", what, c.hit, flows, c.share, z)
		}
	}
}

// A flow keeps its draw through changes of everything but the share and the
// name, of the seed too, which is that of the time it appeared.
func TestOverlaysChangeWhileRunning(t *testing.T) {
	const flows = 400
	b := populate(t, Config{Config: lossy.Config{Seed: 3}, Overlays: []Overlay{losing(0.3, 1)}}, flows, 1)
	with := func(name string) (set []uint64) {
		for number, names := range overlaid(t, b) {
			if slices.Contains(names, name) {
				set = append(set, number)
			}
		}
		slices.Sort(set)
		return set
	}
	change := func(edit func(s *Settings)) {
		t.Helper()
		if err := b.Change(func(s *Settings) error { edit(s); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	before := with("losing")
	change(func(s *Settings) {
		s.Overlays = append([]Overlay{slow(0.5, time.Second)}, s.Overlays...)
		s.Overlays[1] = losing(0.3, 0.25)
		s.Network.Seed = 4
		s.Network.Up.MTU = 900
	})
	if got := with("losing"); !slices.Equal(got, before) {
		t.Errorf("%v lose after the change, want those of before it, %v", got, before)
	}
	change(func(s *Settings) { s.Overlays[1].Share = 0.6 })
	wider := with("losing")
	for _, number := range before {
		if !slices.Contains(wider, number) {
			t.Errorf("flow %d lost its overlay when the share grew", number)
		}
	}
	if len(wider) <= len(before) {
		t.Errorf("%d lose at a share of 0.6, %d at 0.3", len(wider), len(before))
	}
	change(func(s *Settings) { s.Overlays[1].Share = 0 })
	if n := len(with("losing")); n != 0 {
		t.Errorf("%d lose at a share of 0", n)
	}
	change(func(s *Settings) { s.Overlays[1].Share = 1 })
	if n := len(with("losing")); n != flows {
		t.Errorf("%d lose at a share of 1, want all %d", n, flows)
	}
	change(func(s *Settings) { s.Overlays = nil })
	if n := len(with("losing")) + len(with("slow")); n != 0 || b.settings.Load().combined != nil {
		t.Errorf("%d flows have overlays that are gone", n)
	}
	if p := b.table.flows[netip.MustParseAddrPort("192.0.2.1:1")].up.link.Profile(); p.MTU != 900 {
		t.Errorf("the flow has %v, want what holds for all", p)
	}
}

// Overlays apply in their order, each on what those before it made.
func TestOverlaysInOrder(t *testing.T) {
	double := func(c *lossy.Config) error { c.Up.Delay *= 2; return nil }
	more := func(c *lossy.Config) error { c.Up.Delay += time.Second; return nil }
	b := populate(t, Config{
		Config:   lossy.Config{Up: lossy.Profile{Delay: time.Second}},
		Overlays: []Overlay{{"double", 1, double}, {"more", 1, more}, {"never", 0, func(*lossy.Config) error { return errors.New("called") }}},
	}, 1, 1)
	for _, f := range b.table.flows {
		if got := f.up.link.Profile().Delay; got != 3*time.Second {
			t.Errorf("delay %v, want (1s * 2) + 1s", got)
		}
	}
	if b.Config().Up.Delay != time.Second {
		t.Errorf("the network itself has become %v", b.Config().Up)
	}
}

// What no flow may have is refused as it is set, by the names of the overlays,
// and nothing changes.
func TestOverlaysAreValidatedInEveryCombination(t *testing.T) {
	jitter := Overlay{"jitter", 0.5, func(c *lossy.Config) error { c.Up.Jitter = 30 * time.Millisecond; return nil }}
	short := Overlay{"short", 0.5, func(c *lossy.Config) error { c.Up.Delay = time.Millisecond; return nil }}
	base := lossy.Config{Up: lossy.Profile{Delay: 40 * time.Millisecond}}
	shared := base
	shared.Up.SharedBottleneck, shared.Up.Rate = true, 1e6
	modelled := base
	modelled.Up.SharedModel = true
	lossier := func(share float64, alone bool) Overlay {
		return Overlay{"lossier", share, func(c *lossy.Config) error {
			c.Up.Loss = 0.5
			c.Up.SharedModel = c.Up.SharedModel && !alone
			return nil
		}}
	}
	narrow := func(share float64, alone bool) Overlay {
		return Overlay{"narrow", share, func(c *lossy.Config) error {
			c.Up.Rate = 1e5
			c.Up.SharedBottleneck = c.Up.SharedBottleneck && !alone
			return nil
		}}
	}
	var nine, many []Overlay
	for n := range MaxUncertainOverlays + 1 {
		nine = append(nine, Overlay{fmt.Sprint(n), 0.5, short.Apply})
	}
	for n := range MaxOverlays + 1 {
		many = append(many, Overlay{fmt.Sprint(n), 1, short.Apply})
	}
	for _, c := range []struct {
		what     string
		network  lossy.Config
		overlays []Overlay
		want     string // part of the error, empty for none
	}{
		{"either alone is fine", base, []Overlay{jitter}, ""},
		{"both together are not", base, []Overlay{jitter, short}, `overlays "jitter" and "short": up: jitter 30ms`},
		{"which one of two always does", base, []Overlay{{"short", 1, short.Apply}, jitter}, `overlays "short" and "jitter": up: jitter`},
		{"unless they never meet", base, []Overlay{{"jitter", 0, jitter.Apply}, short}, ""},
		{"eight", base, nine[:8], ""},
		{"nine", base, nine, "at most 8"},
		{"too many", base, many, "at most 64"},
		{"its own error", base, []Overlay{{"odd", 0.1, func(*lossy.Config) error { return errors.New("no such thing") }}}, `overlay "odd": no such thing`},
		{"another seed", base, []Overlay{{"seeded", 0.1, func(c *lossy.Config) error { c.Seed++; return nil }}}, "changes the seed"},
		{"share above 1", base, []Overlay{{"all", 1.5, short.Apply}}, "share 1.5: must be between 0 and 1"},
		{"no share", base, []Overlay{{"nan", math.NaN(), short.Apply}}, "share NaN"},
		{"twice", base, []Overlay{short, short}, `overlay "short": the name stands twice`},
		{"no name", base, []Overlay{{"", 1, short.Apply}}, "a name has 1 to"},
		{"long name", base, []Overlay{{strings.Repeat("x", 129), 1, short.Apply}}, "a name has 1 to 128 bytes"},
		{"bytes for a name", base, []Overlay{{"\xff", 1, short.Apply}}, "UTF-8"},
		{"nothing to do", base, []Overlay{{"idle", 1, nil}}, "Apply is nil"},
		{"some at another rate of a shared bottleneck", shared, []Overlay{narrow(0.5, false)}, `overlay "narrow": up: some flows would have another rate`},
		{"all at another rate", shared, []Overlay{narrow(1, false)}, ""},
		{"some at a bottleneck of their own", shared, []Overlay{narrow(0.5, true)}, ""},
		{"some with more delay behind it", shared, []Overlay{slow(0.5, time.Second)}, ""},
		{"some with other loss of a shared model", modelled, []Overlay{lossier(0.5, false)}, `overlay "lossier": up: some flows would have other loss`},
		{"all with other loss", modelled, []Overlay{lossier(1, false)}, ""},
		{"some with a model of their own", modelled, []Overlay{lossier(0.5, true)}, ""},
		{"some with another rate behind it", modelled, []Overlay{narrow(0.5, false)}, ""},
	} {
		cfg := Config{Listen: "127.0.0.1:0", Upstream: "127.0.0.1:9", Config: c.network, Overlays: c.overlays}
		check := func(how string, err error) {
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s, %s: %v, want an error with %q", c.what, how, err, c.want)
			}
		}
		check("validate", cfg.Validate())
		p, err := New(cfg)
		check("new", err)
		if err == nil {
			p.Close()
		}
		p, err = New(Config{Listen: "127.0.0.1:0", Upstream: "127.0.0.1:9", Config: base})
		if err != nil {
			t.Fatal(err)
		}
		err = p.Change(func(s *Settings) error { s.Network, s.Overlays = c.network, c.overlays; return nil })
		check("change", err)
		if now := p.Settings(); err != nil && (now.Network != base || now.Overlays != nil) {
			t.Errorf("%s: a refused change left %+v", c.what, now)
		}
		p.Close()
	}
}

// Who has been given settings cannot reach into those in force.
func TestOverlaysAreNobodyElses(t *testing.T) {
	mine := []Overlay{losing(1, 1)}
	told := make(chan Settings, 1)
	p := startProxy(t, Config{Overlays: mine, Changed: func(_ time.Duration, s Settings) { told <- s }}, newAlarm(), echo(t, "127.0.0.1:0"))
	mine[0].Share = 0
	p.Settings().Overlays[0].Share = 0
	failed := errors.New("no")
	if err := p.Change(func(s *Settings) error { s.Overlays[0].Share = 0; return failed }); !errors.Is(err, failed) {
		t.Fatal(err)
	}
	if err := p.Change(func(s *Settings) error { s.Enabled = true; return nil }); err != nil {
		t.Fatal(err)
	}
	heard := <-told
	heard.Overlays[0].Share = 0
	if got := p.Settings().Overlays[0].Share; got != 1 {
		t.Errorf("the share has become %v", got)
	}
}

// On sockets: flows with the overlay lose all, the others nothing, and a cure
// comes while they run.
func TestOverlayOnSockets(t *testing.T) {
	const clients = 12
	p := startProxy(t, Config{Config: lossy.Config{Seed: 1}, Overlays: []Overlay{losing(0.5, 1)}}, newAlarm(), echo(t, "127.0.0.1:0"))
	var hit []*net.UDPConn
	for n := range uint64(clients) {
		c := client(t, p)
		if !lossy.FlowChosen(1, lossy.FlowKey{Number: n}, "losing", 0.5) {
			if got := exchange(t, c, "kept"); got != "kept" {
				t.Errorf("flow %d: got %q", n, got)
			}
			continue
		}
		hit = append(hit, c)
		send(t, c, "lost")
		eventually(t, "it is lost", func() bool { return p.Stats().Up.Link.Dropped[lossy.CauseLoss] == uint64(len(hit)) })
	}
	if len(hit) == 0 || len(hit) == clients {
		t.Fatalf("%d of %d flows hit: not what this test is about", len(hit), clients)
	}
	if err := p.Change(func(s *Settings) error { s.Overlays = nil; return nil }); err != nil {
		t.Fatal(err)
	}
	for _, c := range hit {
		if got := exchange(t, c, "cured"); got != "cured" {
			t.Errorf("got %q", got)
		}
	}
}
