package presets

import (
	"slices"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
)

const p2p = "--delay=15ms --bandwidth=10Mbps --queue=25"

// The scenarios as the simulator's own READMEs write them.
func TestScenarios(t *testing.T) {
	base := lossy.Profile{Delay: 15 * time.Millisecond, Rate: 10e6, QueuePackets: 25, Overhead: 30}
	with := func(edit func(*lossy.Profile)) lossy.Profile { p := base; edit(&p); return p }
	list := func(text string) lossy.LossModel {
		m, err := lossy.ParseLossModel(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	dark := func(text string) lossy.Blackout {
		b, err := lossy.ParseBlackout(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, c := range []struct {
		text string
		want Setup
	}{
		{"simple-p2p " + p2p, Setup{Up: base, Down: base}},
		{"  simple-p2p   --queue=25 --bandwidth=0.5Mb/s --delay=0.75s ", func() Setup {
			p := with(func(p *lossy.Profile) { p.Rate, p.Delay = 500e3, 750*time.Millisecond })
			return Setup{Up: p, Down: p}
		}()},
		{"drop-rate " + p2p + " --rate_to_client=10 --rate_to_server=20 --burst_to_client=3 --burst_to_server=5", Setup{
			Up:   with(func(p *lossy.Profile) { p.LossAfterQueue, p.Loss, p.LossBurstCap = true, 0.2, 5 }),
			Down: with(func(p *lossy.Profile) { p.LossAfterQueue, p.Loss, p.LossBurstCap = true, 0.1, 3 }),
		}},
		{"drop-rate " + p2p + " --rate_to_client=0 --rate_to_server=100", Setup{
			Up:   with(func(p *lossy.Profile) { p.LossAfterQueue, p.Loss = true, 1 }),
			Down: with(func(p *lossy.Profile) { p.LossAfterQueue = true }),
		}},
		{"droplist " + p2p + " --drops_to_client=1,3,4 --drops_to_server=5", Setup{
			Up:   with(func(p *lossy.Profile) { p.LossAfterQueue, p.LossModel = true, list("list:4") }),
			Down: with(func(p *lossy.Profile) { p.LossAfterQueue, p.LossModel = true, list("list:0 2 3") }),
		}},
		{"corrupt-rate " + p2p + " --rate_to_client=10 --rate_to_server=100 --burst_to_server=3", Setup{
			Up:   with(func(p *lossy.Profile) { p.Corrupt, p.CorruptHow.Kind = 0.75, lossy.DamageBytes }),
			Down: with(func(p *lossy.Profile) { p.Corrupt, p.CorruptHow.Kind = 0.1, lossy.DamageBytes }),
		}},
		{"blackhole " + p2p + " --on=10s --off=3s --repeat=2 --direction=toclient", Setup{
			Up:   base,
			Down: with(func(p *lossy.Profile) { p.Blackout = dark("at=10s,for=3s; at=23s,for=3s") }),
		}},
		{"blackhole " + p2p + " --on=5s --off=2s --direction=toserver", Setup{
			Up: with(func(p *lossy.Profile) { p.Blackout = dark("at=5s,for=2s") }), Down: base,
		}},
		{"rebind " + p2p + " --first-rebind=1s --rebind-freq=3s", Setup{Up: base, Down: base}},
	} {
		p, err := Find(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got, err := p.Setup(); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", c.text, got, err, c.want)
		}
		if p.Confidence != Sourced || p.Source != simulatorSource || !strings.Contains(p.Notes, "PPP") {
			t.Errorf("%s: %+v", c.text, p)
		}
	}
	if p, err := Find("rebind " + p2p + " --first-rebind=1s --rebind-freq=3s --rebind-addr"); err != nil || !strings.Contains(p.Notes, "the address does not") {
		t.Errorf("rebind-addr: %v, %+v", err, p)
	}
}

// Ports change first at one time, and then every so often, or not again.
func TestRebindScenarios(t *testing.T) {
	for _, c := range []struct {
		text string
		want []time.Duration // until 12 s
	}{
		{"rebind " + p2p + " --first-rebind=1s --rebind-freq=5s", []time.Duration{1 * time.Second, 6 * time.Second, 11 * time.Second}},
		{"rebind-port", []time.Duration{1 * time.Second, 6 * time.Second, 11 * time.Second}},
		{"rebind-addr", []time.Duration{1 * time.Second, 6 * time.Second, 11 * time.Second}},
		{"rebind " + p2p + " --first-rebind=2500ms", []time.Duration{2500 * time.Millisecond}},
	} {
		p, err := Find(c.text)
		if err != nil {
			t.Fatal(err)
		}
		s, err := p.Timeline()
		if err != nil {
			t.Fatal(err)
		}
		setup, err := p.Setup()
		if err != nil {
			t.Fatal(err)
		}
		player, err := s.Start(lossy.Config{Up: setup.Up, Down: setup.Down})
		if err != nil {
			t.Fatal(err)
		}
		var got []time.Duration
		for {
			change, due := player.Take(12 * time.Second)
			if !due {
				break
			}
			if change.Rebind {
				got = append(got, change.At)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: rebinds at %v, want %v", c.text, got, c.want)
		}
	}
}

func TestScenarioRefusals(t *testing.T) {
	for _, c := range []struct{ text, says string }{
		{"simple-p2p --bandwidth=10Mbps --queue=25", "--delay is missing"},
		{"simple-p2p --delay=15ms --queue=25", "--bandwidth is missing"},
		{"simple-p2p --delay=15ms --bandwidth=10Mbps", "--queue is missing"},
		{"simple-p2p " + p2p + " --loss=3", "unknown parameter --loss, it takes --bandwidth, --delay, --queue"},
		{"simple-p2p " + p2p + " --delay=20ms", "--delay stands twice"},
		{"simple-p2p delay=15ms", "is no parameter"},
		{"simple-p2p --=15ms", "is no parameter"},
		{"simple-p2p --delay=15 --bandwidth=10Mbps --queue=25", "--delay: \"15\" has no unit"},
		{"simple-p2p --delay=2h --bandwidth=10Mbps --queue=25", "--delay: 2h0m0s is too long"},
		{"simple-p2p --delay=-1s --bandwidth=10Mbps --queue=25", "--delay"},
		{"simple-p2p --delay --bandwidth=10Mbps --queue=25", "--delay"},
		{"simple-p2p --delay=15ms --bandwidth=10 --queue=25", "--bandwidth: \"10\" is not a rate"},
		{"simple-p2p --delay=15ms --bandwidth=10MBps --queue=25", "is not a rate"},
		{"simple-p2p --delay=15ms --bandwidth=0bps --queue=25", "is not a rate"},
		{"simple-p2p --delay=15ms --bandwidth=10Mbps --queue=0", "--queue: \"0\" is not a whole number from 1"},
		{"simple-p2p --delay=15ms --bandwidth=10Mbps --queue=25p", "--queue"},
		{"simple-p2p --delay=15ms --bandwidth=10Mbps --queue=99999999999999999999", "--queue"},
		{"drop-rate " + p2p + " --rate_to_client=10", "--rate_to_server is missing"},
		{"drop-rate " + p2p + " --rate_to_client=2.5 --rate_to_server=1", "--rate_to_client: \"2.5\" is not a whole number from 0 to 100"},
		{"drop-rate " + p2p + " --rate_to_client=101 --rate_to_server=1", "--rate_to_client"},
		{"drop-rate " + p2p + " --rate_to_client=1 --rate_to_server=1 --burst_to_client=0", "--burst_to_client"},
		{"droplist " + p2p + " --drops_to_client=0,1", "count from 1"},
		{"droplist " + p2p + " --drops_to_client=1,,2", "count from 1"},
		{"blackhole " + p2p + " --on=1s", "--off is missing"},
		{"blackhole " + p2p + " --on=1s --off=0s", "must last for more than 0"},
		{"blackhole " + p2p + " --on=1s --off=1s --repeat=65", "--repeat"},
		{"blackhole " + p2p + " --on=1s --off=1s --direction=up", "is none of both, toclient, toserver"},
		{"rebind " + p2p + " --first-rebind=1s --rebind-freq=9ms", "--rebind-freq: 9ms is too short"},
		{"crosstraffic", "needs other hosts"},
		{"rebind " + p2p + " --rebind-freq=1s", "--first-rebind is missing"},
		{"tcp-cross-traffic " + p2p, "needs other hosts"},
		{"udp-cross-traffic " + p2p + " --crossdatarate=1Mbps", "needs other hosts"},
		{"longrtt --delay=1ms", "is no preset"},
		{"rebind-nothing " + p2p, "is no preset"},
		{strings.Repeat("simple-p2p ", 1000), "at most"},
	} {
		if p, err := Find(c.text); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.80s: %+v, %v; want a refusal that says %q", c.text, p, err, c.says)
		}
	}
}

// Whatever the text, Find answers, and what it finds is valid.
func FuzzFind(f *testing.F) {
	for _, text := range []string{"wifi", "simple-p2p " + p2p, "droplist " + p2p + " --drops_to_client=1,3,4",
		"blackhole " + p2p + " --on=10s --off=3s --repeat=64", "corrupt-rate " + p2p + " --rate_to_client=100 --rate_to_server=0 --burst_to_client=1",
		"rebind " + p2p + " --first-rebind=1s --rebind-freq=3s --rebind-addr", "--", "=", "\x00 --\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Find(text)
		if err != nil {
			return
		}
		if _, err := p.Setup(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
