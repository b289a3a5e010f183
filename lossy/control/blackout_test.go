package control

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// An outage whose time is past when it is set does nothing, which is told.
func TestBlackoutInThePastIsToldOf(t *testing.T) {
	of := func(schedule string) lossy.Profile { return lossy.Profile{Blackout: mustParseBlackout(t, schedule)} }
	for _, c := range []struct {
		up, down string
		want     string
	}{
		{"at=1s,for=1s", "at=1s,for=1s", "blackout at=1s,for=1s is over: it counts from the start of the proxy, 2.5s ago"},
		{"at=1s,for=1s; at=2s,for=1s", "", "up: blackout at=1s,for=1s is over: it counts from the start of the proxy, 2.5s ago"},
		{"at=1h,for=1s; every=1s,for=1ms", "at=2s,for=500ms", "down: blackout at=2s,for=500ms is over: it counts from the start of the proxy, 2.5s ago"},
		{"at=2s,for=501ms", "", ""},
	} {
		got := strings.Join(outagesOver(lossy.Config{Up: of(c.up), Down: of(c.down)}, 2500*time.Millisecond), "\n")
		if got != c.want {
			t.Errorf("up %q, down %q: %q, want %q", c.up, c.down, got, c.want)
		}
	}
	h, _ := testAPI(t)
	set := func(schedule string) string {
		body := `{"blackout":"` + schedule + `"}`
		return request{method: http.MethodPatch, path: "/proxies/default", body: body}.do(t, h).Body.String()
	}
	if got, want := set("at=0s,for=1ns"), `"warnings":["blackout at=0s,for=1ns is over: `; !strings.Contains(got, want) {
		t.Errorf("%s lacks %s", got, want)
	}
	if got := set("at=1h,for=1s"); strings.Contains(got, "is over") {
		t.Errorf("of an outage to come: %s", got)
	}
}

func TestBlackoutNow(t *testing.T) {
	type call struct {
		lasting    time.Duration
		directions string
	}
	for body, want := range map[string]call{
		`{"for":"3s"}`:                       {3 * time.Second, "[up down]"},
		`{"for":"3s","direction":"up"}`:      {3 * time.Second, "[up]"},
		`{"direction":"down","for":"200ms"}`: {200 * time.Millisecond, "[down]"},
		`{"for":"0s","direction":"both"}`:    {0, "[up down]"},
	} {
		lasting, directions, err := parseBlackout([]byte(body))
		var names []string
		for _, d := range directions {
			names = append(names, d.String())
		}
		if got := (call{lasting, "[" + strings.Join(names, " ") + "]"}); err != nil || got != want {
			t.Errorf("%s asks for %v, %v, want %v", body, got, err, want)
		}
	}
	h, _ := testAPI(t)
	post := func(body string) (int, string) {
		r := request{method: http.MethodPost, path: "/proxies/default/blackout", body: body, header: map[string]string{"Content-Type": "application/json"}}
		w := r.do(t, h)
		return w.Code, w.Body.String()
	}
	if code, answer := post(`{"for":"2h"}`); code != http.StatusOK || !strings.Contains(answer, `"name":"default"`) {
		t.Errorf("%d %s", code, answer)
	}
	// Whoever looks sees that it is dark, and what he saw may come back.
	dark := func() (d *DarkReport, answer string) {
		t.Helper()
		answer = request{method: http.MethodGet, path: "/proxies/default"}.do(t, h).Body.String()
		var report struct {
			Dark *DarkReport `json:"dark"`
		}
		if err := json.Unmarshal([]byte(answer), &report); err != nil {
			t.Fatal(err)
		}
		return report.Dark, answer
	}
	left := func(shown string, at time.Duration) bool {
		d, err := time.ParseDuration(shown)
		return err == nil && d > at-time.Hour && d <= at
	}
	if d, _ := dark(); d == nil || d.Up != d.Down || !left(d.Up, 2*time.Hour) {
		t.Errorf("in a blackout of 2h GET shows %+v", d)
	}
	if code, answer := post(`{"for":"1h","direction":"down"}`); code != http.StatusOK {
		t.Errorf("%d %s", code, answer)
	}
	d, answer := dark()
	if d == nil || !left(d.Down, time.Hour) || !left(d.Up, 2*time.Hour) {
		t.Errorf("in a blackout of 1h down, GET shows %+v", d)
	}
	if w := (request{method: http.MethodPatch, path: "/proxies/default", body: answer}).do(t, h); w.Code != http.StatusOK {
		t.Errorf("what GET showed is refused: %d %s", w.Code, w.Body)
	}
	post(`{"for":"0s"}`)
	if d, _ := dark(); d != nil {
		t.Errorf("when it has ended GET shows %+v", d)
	}
	for body, want := range map[string]string{
		`{}`:                             `field \"for\": is missing`,
		`{"direction":"up"}`:             `field \"for\": is missing`,
		`{"for":3}`:                      `field \"for\": \"3\" has no unit`,
		`{"for":"-3s"}`:                  `cannot be negative`,
		`{"for":"9000h"}`:                `must be between 0 and 8760h`,
		`{"for":"3s","direction":"out"}`: `\"out\" is neither up, down nor both`,
		`{"for":"3s","how":"x"}`:         `unknown field \"how\"`,
		`{"fro":"3s"}`:                   `unknown field \"fro\", did you mean for?`,
		`[]`:                             `want a JSON object`,
	} {
		if code, answer := post(body); code != http.StatusBadRequest || !strings.Contains(answer, want) {
			t.Errorf("%s: %d %s, want 400 and %s", body, code, answer, want)
		}
	}
	if w := (request{method: http.MethodPost, path: "/proxies/default/blackout", body: `{"for":"3s"}`}).do(t, h); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("without a content type: %d, want 415", w.Code)
	}
	if w := (request{method: http.MethodGet, path: "/proxies/default/blackout"}).do(t, h); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d, want 405", w.Code)
	}
}

// Schedules and rules are changed as everything else is.
func TestPatchListsOfRules(t *testing.T) {
	h, p := testAPI(t)
	patch := func(body string) *proxy.Proxy {
		t.Helper()
		if w := (request{method: http.MethodPatch, path: "/proxies/default", body: body}).do(t, h); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
		return p
	}
	up := patch(`{"up":{"drop":"size>1200; class=ack,nth=3","blackout":"at=5s,for=3s","mtu":1200}}`).Config().Up
	if up.Drop.String() != "size>1200; class=ack,nth=3" || up.Blackout.String() != "at=5s,for=3s" || up.MTU != 1200 {
		t.Errorf("up is %v", up)
	}
	if up := patch(`{"up":{"drop":"","blackout":"","mtu":0}}`).Config().Up; up.Drop != (lossy.Rules{}) || up.Blackout != (lossy.Blackout{}) || up.MTU != 0 {
		t.Errorf("up is %v", up)
	}
	w := request{method: http.MethodPatch, path: "/proxies/default", body: `{"drop":"size>1200,clas=ack"}`}.do(t, h)
	if w.Code != http.StatusBadRequest || !strings.Contains(refusal(t, w), `field "drop": rule 1, at 11: "clas=ack"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
