package control

import (
	"encoding/json"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// overAnHour sets one thing now and another when no test runs any more.
const overAnHour = `{"name": "long", "steps": [{"set": {"loss": "50%"}, "for": "1h"}, {"set": {"loss": "60%"}}]}`

func scenarioState(t *testing.T, h http.Handler, method, path, body string, status int) ScenarioReport {
	t.Helper()
	w := request{method: method, path: path, body: body, header: map[string]string{"Content-Type": "application/json"}}.do(t, h)
	if w.Code != status {
		t.Fatalf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, status)
	}
	var r struct {
		ScenarioReport
		Scenario json.RawMessage `json:"scenario"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	return r.ScenarioReport
}

// A scenario is played, shown, replaced and stopped; the settings stay, or come back.
func TestScenario(t *testing.T) {
	h, p := testAPI(t)
	const path = "/proxies/default/scenario"
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		w := request{method: method, path: path}.do(t, h)
		if w.Code != http.StatusNotFound || !strings.Contains(refusal(t, w), "none is played") {
			t.Errorf("%s without one: %d %s", method, w.Code, w.Body)
		}
	}
	r := scenarioState(t, h, http.MethodPost, path, overAnHour, http.StatusOK)
	if r.State != "playing" || r.Step != "steps.0" || r.Next != "1h0m0s" || r.Length != "1h0m0s" || r.Changes != 1 || r.Proxy != "default" || r.Schema != "udplab/scenario-state/v1" {
		t.Errorf("begun: %+v", r)
	}
	if p.Config().Up.Loss != 0.5 || p.Config().Down.Loss != 0.5 {
		t.Errorf("its first step was not made: %+v", p.Config())
	}
	if w := (request{method: http.MethodGet, path: "/proxies/default"}).do(t, h); !strings.Contains(w.Body.String(), `"scenario":{"name":"long"`) {
		t.Errorf("the proxy does not show it: %s", w.Body)
	}
	// A change of something else by hand stays, and so does what the scenario set.
	if w := (request{method: http.MethodPatch, path: "/proxies/default", body: `{"mtu": 900}`}).do(t, h); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if c := p.Config().Down; c.Loss != 0.5 || c.MTU != 900 {
		t.Errorf("down %v after a PATCH, want both changes", c)
	}
	r = scenarioState(t, h, http.MethodPost, path, `{"steps": [{"set": {"down": {"loss": "1%"}}}]}`, http.StatusOK)
	if r.State != "done" || r.Elapsed != "0s" || p.Config().Down.Loss != 0.01 {
		t.Errorf("replaced: %+v, down %v", r, p.Config().Down)
	}
	scenarioState(t, h, http.MethodPost, path, overAnHour, http.StatusOK)
	if r = scenarioState(t, h, http.MethodDelete, path, "", http.StatusOK); r.State != "stopped" || p.Config().Down.Loss != 0.5 {
		t.Errorf("stopped: %+v, loss %v", r, p.Config().Down.Loss)
	}
	if r = scenarioState(t, h, http.MethodDelete, path+"?restore=true", "", http.StatusOK); r.State != "stopped" || p.Config().Down.Loss != 0.01 {
		t.Errorf("restored: %+v, loss %v", r, p.Config().Down.Loss)
	}
}

// What is wrong with a scenario is told with the path, and changes nothing.
func TestScenarioRefused(t *testing.T) {
	h, p := testAPI(t)
	for body, want := range map[string]string{
		`[]`:                                     "want a JSON object",
		`{"steps": [{"set": {"lost": "1%"}}]}`:   "steps.0.set.lost",
		`{"steps": [{"set": {"jitter": "1h"}}]}`: "steps.0.set",
		`{"steps": [{"ramp": {"up": {"delay": "1ms"}}, "for": "1s"}]}`: "jitter",
		`{"steps": [{"upstream": "` + p.Addr().String() + `"}]}`:       "steps.0.upstream",
	} {
		w := request{method: http.MethodPost, path: "/proxies/default/scenario", body: body, header: map[string]string{"Content-Type": "application/json"}}.do(t, h)
		if w.Code != http.StatusBadRequest || !strings.Contains(refusal(t, w), want) {
			t.Errorf("%s: %d %s, want %q", body, w.Code, w.Body, want)
		}
	}
	w := request{method: http.MethodDelete, path: "/proxies/default/scenario?restore=maybe"}.do(t, h)
	if w.Code != http.StatusNotFound {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if p.Playback() != nil || p.Config() != before {
		t.Error("something was changed")
	}
}

// A spec has its scenario played; putting the same again lets it go on and leaves
// alone what it has moved; without it, it ends.
func TestSpecWithScenario(t *testing.T) {
	f := testFleet(t)
	spec := func(rest string) Spec {
		t.Helper()
		s, err := ParseSpec([]byte(`{"name": "a", "upstream": "127.0.0.1:9", "seed": 1` + rest + `}`))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	put := func(s Spec) *proxy.Playback {
		t.Helper()
		if err := f.Put([]Spec{s}); err != nil {
			t.Fatal(err)
		}
		return f.Proxy("a").Playback()
	}
	p, err := f.Create(spec(`, "scenario": ` + overAnHour))
	if err != nil {
		t.Fatal(err)
	}
	first := p.Playback()
	if first == nil || p.Config().Up.Loss != 0.5 {
		t.Fatalf("it is not played: %+v", p.Config())
	}
	if b := put(spec(`, "scenario": ` + overAnHour)); b != first || p.Config().Up.Loss != 0.5 || b.State().Stopped {
		t.Errorf("putting the same again began another, or undid it: loss %v", p.Config().Up.Loss)
	}
	if b := put(spec(`, "mtu": 500, "scenario": {"steps": [{"set": {"loss": "10%"}}]}`)); b == first || p.Config().Up != (lossy.Profile{Loss: 0.1, MTU: 500}) {
		t.Errorf("another scenario: up %v", p.Config().Up)
	}
	third := put(spec(`, "scenario": ` + overAnHour))
	if put(spec(``)); !third.State().Stopped || p.Config().Up != (lossy.Profile{}) {
		t.Errorf("without a scenario: %+v, up %v", third.State(), p.Config().Up)
	}
	fourth := put(spec(`, "scenario": ` + overAnHour))
	if err := f.Reset(); err != nil {
		t.Fatal(err)
	}
	<-fourth.Ended()
	fifth, err := f.Play("a", fourth.Scenario())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Remove("a"); err != nil {
		t.Fatal(err)
	}
	<-fifth.Ended()
	if _, err := f.Play("a", fourth.Scenario()); err == nil {
		t.Error("a proxy that has gone plays")
	}
	_, err = ParseSpec([]byte(`{"name": "a", "upstream": "127.0.0.1:9", "scenario": {"steps": [{"set": {"jitter": "1ms"}}]}}`))
	if field, ok := errors.AsType[*settings.FieldError](err); !ok || field.Field != "scenario.steps.0.set" {
		t.Errorf("%v, want it at scenario.steps.0.set", err)
	}
}

// Whoever closes a proxy while its scenario waits to change it does not wait for it.
func TestRemoveDuringAScenario(t *testing.T) {
	f := testFleet(t)
	for range 20 {
		s, err := ParseSpec([]byte(`{"name": "a", "upstream": "127.0.0.1:9", "scenario":
			{"resolution": "1ms", "steps": [{"loop": "forever", "steps": [{"ramp": {"loss": {"from": "0%", "to": "9%"}}, "for": "5ms"}]}]}}`))
		if err != nil {
			t.Fatal(err)
		}
		p, err := f.Create(s)
		if err != nil {
			t.Fatal(err)
		}
		b := p.Playback()
		for end := time.Now().Add(20 * time.Second); b.State().Changes < 5; {
			if time.Now().After(end) {
				t.Fatal("it does not go on")
			}
			runtime.Gosched()
		}
		if err := f.Remove("a"); err != nil {
			t.Fatal(err)
		}
		<-b.Ended()
		if !b.State().Stopped {
			t.Fatalf("it ended as %+v", b.State())
		}
	}
}
