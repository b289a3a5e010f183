package control

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"udplab/lossy"
	"udplab/lossy/presets"
	"udplab/lossy/proxy"
)

func TestGetPresets(t *testing.T) {
	h, _ := testAPI(t)
	status, body := send(t, h, "GET", "/presets", "")
	var all PresetsReport
	if err := json.Unmarshal([]byte(body), &all); status != 200 || err != nil {
		t.Fatalf("%d %v %s", status, err, body)
	}
	if all.Schema != "udplab/presets/v1" || len(all.Presets) != len(presets.All()) || len(all.Confidences) != 4 || len(all.Scenarios) != 6 {
		t.Errorf("%+v", all)
	}
	const scenario = "simple-p2p --delay=15ms --bandwidth=10Mbps --queue=25"
	for _, c := range []struct {
		name   string
		status int
		says   []string
	}{
		{"nlc-3g", 200, []string{`"schema":"udplab/preset/v1"`, `"name":"nlc-3g"`, `"aliases":["3g"]`, `"confidence":"sourced"`,
			`"numbers":"down 780 kbit/s, 100 ms; up 330 kbit/s, 100 ms"`, `"--up-rate 330kbit"`, `"up":{"rate":"330kbit"`}},
		{"STARLINK", 200, []string{`"name":"leo"`, `"confidence":"engineering choice"`}},
		{scenario, 200, []string{`"name":"` + scenario + `"`, `"queue":"25packets"`}},
		{"wfii", 404, []string{`\"wfii\" is no preset: did you mean wifi`, "GET /presets lists them"}},
		{"simple-p2p --delay=15ms", 400, []string{"--bandwidth is missing"}},
	} {
		status, body := send(t, h, "GET", "/presets/"+url.PathEscape(c.name), "")
		if status != c.status {
			t.Errorf("%s: %d %s, want %d", c.name, status, body, c.status)
		}
		for _, says := range c.says {
			if !strings.Contains(body, says) {
				t.Errorf("%s: %s\nlacks %s", c.name, body, says)
			}
		}
	}
	if status, body := send(t, h, "POST", "/presets", "{}"); status != 405 {
		t.Errorf("POST: %d %s", status, body)
	}
}

// A preset over any state is the preset, and nothing of the former state remains
// but what is not of the network.
func TestPresetReplacesTheNetwork(t *testing.T) {
	f, outer := testFleet(t), t
	p, err := f.Add("default", proxy.Config{Listen: "127.0.0.1:0", Upstream: "127.0.0.1:9"})
	if err != nil {
		t.Fatal(err)
	}
	h := NewHandler(f, anyone)
	drawn := func(t *rapid.T, label string) (string, presets.Setup) {
		p, err := presets.Find(rapid.SampledFrom(presets.Names()).Draw(t, label))
		if err != nil {
			t.Fatal(err)
		}
		s, err := p.Setup()
		if err != nil {
			t.Fatal(err)
		}
		return p.Name, s
	}
	rapid.Check(t, func(t *rapid.T) {
		// Whatever was there before: another preset with settings that none has.
		was, setup := drawn(t, "before")
		seed, enabled := rapid.Uint64().Draw(t, "seed"), rapid.Bool().Draw(t, "enabled")
		err := f.Change("default", func(s *proxy.Settings) error {
			s.Network = lossy.Config{Seed: seed, Up: setup.Up, Down: setup.Down}
			s.Enabled, s.NAT = enabled, proxy.NAT{Timeout: 9 * time.Second, RebindEvery: 8 * time.Second}
			way := &s.Network.Up
			if rapid.Bool().Draw(t, "down") {
				way = &s.Network.Down
			}
			way.MTU, way.Duplicate, way.SharedBottleneck = 1000, 0.5, true
			way.Discipline, way.Policer = lossy.CoDel{Target: time.Second, Interval: time.Minute}, lossy.Policer{Rate: 1e6, Burst: 9000}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		next, want := drawn(t, "preset")
		body := fmt.Sprintf(`{"preset":%q}`, next)
		if rapid.Bool().Draw(t, "with others") {
			body = fmt.Sprintf(`{"up":{"mtu":1234},"nat-timeout":"1m","preset":%q}`, next) // in whatever order
			want.Up.MTU, want.NATTimeout = 1234, time.Minute
		}
		if w := (request{method: "PATCH", path: "/proxies/default", body: body}).do(outer, h); w.Code != 200 {
			t.Fatalf("%s: %d %s", body, w.Code, w.Body)
		}
		s := p.Settings()
		if got := (presets.Setup{Up: s.Network.Up, Down: s.Network.Down, NATTimeout: s.NAT.Timeout, RebindEvery: s.NAT.RebindEvery}); got != want {
			t.Fatalf("%s over %s:\ngot  %+v\nwant %+v", body, was, got, want)
		}
		if s.Network.Seed != seed || s.Enabled != enabled {
			t.Fatalf("%s changed the seed (%d from %d) or enabled (%v)", body, s.Network.Seed, seed, s.Enabled)
		}
	})
}

// A document with a preset is as good as one with its settings: created, put
// twice, and refused as a whole.
func TestPresetInDocuments(t *testing.T) {
	f := testFleet(t)
	h := NewHandler(f, anyone)
	if status, body := send(t, h, "POST", "/proxies", `{"name":"a","upstream":":9","down":{"loss":"3%"},"preset":"nlc-edge-lossy","rebind-every":"1m"}`); status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	s := f.Proxy("a").Settings()
	if d, u := s.Network.Down, s.Network.Up; d.Loss != 0.03 || d.Delay != 400*time.Millisecond || d.Rate != 240e3 || u.Loss != 0 || u.Rate != 200e3 || s.NAT.RebindEvery != time.Minute {
		t.Errorf("%+v", s)
	}
	const state = `{"a":{"upstream":":9","preset":"rebind-port"},"b":{"upstream":":9","preset":"blackhole --delay=1ms --bandwidth=10Mbps --queue=25 --on=5s --off=2s"}}`
	for range 2 {
		if status, body := send(t, h, "PUT", "/proxies", state); status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		a, b := f.Proxy("a").Settings(), f.Proxy("b").Settings()
		if f.Proxy("a").Playback().State().Stopped || a.Network.Up.Loss != 0 || a.Network.Up.QueuePackets != 25 || b.Network.Down.Blackout.String() != "at=5s,for=2s" {
			t.Errorf("a %+v\nb %+v", a, b)
		}
	}
	was := shown(t, h, "a")
	for _, c := range []struct{ body, says string }{
		{`{"loss":"1%","preset":"wfii"}`, `field \"preset\": \"wfii\" is no preset: did you mean wifi`},
		{`{"preset":"simple-p2p --delay=15ms"}`, `field \"preset\": scenario simple-p2p: --bandwidth is missing`},
		{`{"preset":true}`, `field \"preset\": want a string`},
		{`{"preset":"lte","preset":"wifi"}`, `field \"preset\": stands twice`},
		{`{"preset":"lte","delay":"1ms"}`, `jitter 8ms`},
		{`{"preset":"str0m-wifi","loss":"1%"}`, `set one of them`},
	} {
		if status, body := send(t, h, "PATCH", "/proxies/a", c.body); status != 400 || !strings.Contains(body, c.says) {
			t.Errorf("%s: %d %s, want 400 that says %s", c.body, status, body, c.says)
		}
	}
	if now := shown(t, h, "a"); now != was {
		t.Errorf("what was refused changed %s to %s", was, now)
	}
}

// A preset with a timeline is played, and ends with the next preset. Given again
// it begins again, but a document that says what is to be lets it go on.
func TestPresetWithTimeline(t *testing.T) {
	h, p := testAPI(t)
	patch := func(body string) {
		t.Helper()
		if w := (request{method: "PATCH", path: "/proxies/default", body: body}).do(t, h); w.Code != 200 {
			t.Fatalf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	patch(`{"preset":"rfc8867-5.3","mtu":1200}`)
	first := p.Playback()
	if first == nil || first.Scenario().Name() != "rfc8867-5.3" || first.State().Done {
		t.Fatal("the timeline of the preset is not played")
	}
	if c := p.Config(); c.Up.Rate != 2e6 || c.Down.Rate != 2e6 || c.Up.MTU != 1200 || c.Up.Loss != 0 {
		t.Errorf("%+v", c)
	}
	if got := shown(t, h, "default"); !strings.Contains(got, `"scenario":{"name":"rfc8867-5.3"`) {
		t.Errorf("the proxy does not show it: %s", got)
	}
	patch(`{"down":{"loss":"1%"}}`)
	if p.Playback() != first || first.State().Stopped {
		t.Error("a change of a setting ended the timeline")
	}
	patch(`{"preset":"rfc8867-5.3"}`)
	if again := p.Playback(); again == first || !first.State().Stopped || again.State().Stopped || p.Config().Down.Loss != 0 || p.Config().Up.MTU != 0 {
		t.Errorf("the preset did not begin again: %+v", p.Config())
	}
	patch(`{"preset":"nlc-3g"}`)
	if s := p.Playback().State(); !s.Stopped || strings.Contains(shown(t, h, "default"), `"scenario"`) {
		t.Errorf("another preset did not end the timeline: %+v", s)
	}
	patch(`{"preset":"rfc8867-5.1","scenario":null}`)
	if s := p.Playback().State(); !s.Stopped || p.Config().Up.Rate != 1e6 {
		t.Errorf("a timeline that was declined is played: %+v", s)
	}
	if w := (request{method: "PATCH", path: "/proxies/default", body: `{"preset":"rfc8867-5.1","link-trace":"x"}`}).do(t, h); w.Code != 400 {
		t.Errorf("%d %s", w.Code, w.Body)
	}

	const state = `{"default":{"upstream":"127.0.0.1:9","preset":"rfc8867-5.2"}}`
	send(t, h, "PUT", "/proxies", state)
	begun := p.Playback()
	if status, body := send(t, h, "PUT", "/proxies", state); status != 200 || p.Playback() != begun || begun.State().Stopped || begun.Scenario().Name() != "rfc8867-5.2" {
		t.Errorf("%d %s: a state that was put twice began anew", status, body)
	}
}
