package control

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/lossy/control/access"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// before is the network that tests start from.
var before = lossy.Config{
	Seed: 7,
	Up:   lossy.Profile{Loss: 0.05, Burst: 4, Delay: 40 * time.Millisecond, Jitter: 10 * time.Millisecond, LossAfterQueue: true},
	Down: lossy.Profile{Rate: 10e6},
}

// testAPI is the API over one proxy, "default".
func testAPI(t *testing.T) (http.Handler, *proxy.Proxy) {
	t.Helper()
	f := testFleet(t)
	p, err := f.Add("default", proxy.Config{Listen: "127.0.0.1:0", Upstream: "127.0.0.1:9", Config: before})
	if err != nil {
		t.Fatal(err)
	}
	return NewHandler(f, access.Rules{Hosts: []string{"lab.example"}}), p
}

// testFleet is a fleet without proxies.
func testFleet(t *testing.T) *Fleet {
	t.Helper()
	f := NewFleet(nil)
	t.Cleanup(f.Close)
	return f
}

// request is one request and what became of it.
type request struct {
	method, path, body string
	header             map[string]string
	host               string
}

func (r request) do(t interface{ Helper() }, h http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequest(r.method, r.path, strings.NewReader(r.body))
	req.Host = "127.0.0.1:8474"
	if r.host != "" {
		req.Host = r.host
	}
	if r.method == http.MethodPatch {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

// refusal reads the API's error form and checks it against the status.
func refusal(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var body struct {
		Error  string
		Status int
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Status != w.Code || body.Error == "" {
		t.Errorf("answer %d %q is not an error in the API's form", w.Code, w.Body)
	}
	return body.Error
}

func TestGet(t *testing.T) {
	h, p := testAPI(t)
	// Of each direction every field is shown; those that are set are spelled out.
	direction := func(set map[string]string) string {
		var keys []string
		for _, f := range settings.Fields() {
			value := set[f.Name]
			if value == "" {
				value = zeroValues[f.Name]
			}
			keys = append(keys, `"`+f.Name+`":`+value)
		}
		slices.Sort(keys)
		return "{" + strings.Join(keys, ",") + "}"
	}
	want := `{"name":"default","protocol":"udp","listen":"` + p.Addr().String() + `","upstream":"127.0.0.1:9","enabled":true,"nat-timeout":"0s","rebind-every":"0s","seed":7,` +
		`"up":` + direction(map[string]string{"burst": "4", "delay": `"40ms"`, "jitter": `"10ms"`, "loss": `"5%"`, "loss-after-queue": "true"}) +
		`,"down":` + direction(map[string]string{"rate": `"10mbit"`}) + `,"toxics":[],"warnings":["up: loss-after-queue has no effect without rate, link-trace or policer"]}`
	for path, want := range map[string]string{
		"/proxies/default": want + "\n",
		"/proxies":         `{"default":` + want + "}\n",
	} {
		w := request{method: "GET", path: path}.do(t, h)
		if w.Code != 200 || w.Body.String() != want {
			t.Errorf("GET %s: %d\n%s, want 200\n%s", path, w.Code, w.Body, want)
		}
	}
}

// zeroValues is how the API writes a field of a perfect wire.
var zeroValues = map[string]string{
	"blackout":           `""`,
	"burst":              "0",
	"corrupt":            `"0%"`,
	"corrupt-how":        `"bit"`,
	"delay":              `"0s"`,
	"delay-distribution": `"uniform"`,
	"drop":               `""`,
	"duplicate":          `"0%"`,
	"duplicate-copies":   "0",
	"duplicate-delay":    `"0s"`,
	"ecn":                "false",
	"jitter":             `"0s"`,
	"jitter-reorder":     "false",
	"link-trace":         `"none"`,
	"loss":               `"0%"`,
	"loss-after-queue":   "false",
	"loss-burst-cap":     "0",
	"loss-model":         `"none"`,
	"mtu":                "0",
	"netem-compat":       `"off"`,
	"overhead":           "0",
	"policer":            `"none"`,
	"queue":              `"0s"`,
	"queue-discipline":   `"drop-tail"`,
	"rate":               `"0"`,
	"reorder":            `"0%"`,
	"reorder-by":         "0",
	"reorder-gap":        "0",
	"reorder-hold":       `"0s"`,
	"shared-bottleneck":  "false",
	"shared-model":       "false",
}

func TestPatch(t *testing.T) {
	up := func(edit func(*lossy.Profile)) lossy.Config { c := before; edit(&c.Up); return c }
	both := func(edit func(*lossy.Profile)) lossy.Config {
		c := before
		edit(&c.Up)
		edit(&c.Down)
		return c
	}
	for _, c := range []struct {
		body string
		want lossy.Config
	}{
		{`{"loss":"10%"}`, both(func(p *lossy.Profile) { p.Loss = 0.1 })},
		{`{"up":{"loss":"10%"}}`, up(func(p *lossy.Profile) { p.Loss = 0.1 })},
		{`{"loss": 0.1}`, both(func(p *lossy.Profile) { p.Loss = 0.1 })},
		{`{"down":{"duplicate":"1%","corrupt":"0.1%","reorder":"3%","reorder-by":5,"queue":"20ms"}}`, func() lossy.Config {
			c := before
			c.Down.Duplicate, c.Down.Corrupt, c.Down.Reorder, c.Down.ReorderBy = 0.01, 0.001, 0.03, 5
			c.Down.Queue = 20 * time.Millisecond
			return c
		}()},
		// The direction prevails over both, in whatever order they stand.
		{`{"up":{"delay":"1s"},"delay":"20ms","jitter":"0"}`, func() lossy.Config {
			c := both(func(p *lossy.Profile) { p.Delay, p.Jitter = 20*time.Millisecond, 0 })
			c.Up.Delay = time.Second
			return c
		}()},
		{`{"seed":18446744073709551615}`, func() lossy.Config { c := before; c.Seed = 1<<64 - 1; return c }()},
		{`{"jitter-reorder":true,"down":{"loss-after-queue":true},"up":{"loss-after-queue":false}}`, func() lossy.Config {
			c := both(func(p *lossy.Profile) { p.JitterReorder = true })
			c.Up.LossAfterQueue, c.Down.LossAfterQueue = false, true
			return c
		}()},
		{`{"rate":"0","burst":"1"}`, both(func(p *lossy.Profile) { p.Rate, p.Burst = 0, 1 })},
	} {
		h, p := testAPI(t)
		w := request{method: "PATCH", path: "/proxies/default", body: c.body}.do(t, h)
		if w.Code != 200 || p.Config() != c.want {
			t.Errorf("PATCH %s: %d %s\ngot  %+v\nwant %+v", c.body, w.Code, w.Body, p.Config(), c.want)
		}
	}
}

func TestPatchEnabled(t *testing.T) {
	h, p := testAPI(t)
	for _, on := range []string{"false", "true"} {
		w := request{method: "PATCH", path: "/proxies/default", body: `{"enabled":` + on + `}`}.do(t, h)
		if w.Code != 200 || p.Enabled() != (on == "true") {
			t.Errorf("enabled %s: %d, proxy says %v", on, w.Code, p.Enabled())
		}
	}
}

func TestPatchNATAndUpstream(t *testing.T) {
	h, p := testAPI(t)
	w := request{method: "PATCH", path: "/proxies/default", body: `{"nat-timeout":"30s","rebind-every":"5m","upstream":"[::1]:7"}`}.do(t, h)
	s := p.Settings()
	if want := (proxy.NAT{Timeout: 30 * time.Second, RebindEvery: 5 * time.Minute}); w.Code != 200 || s.NAT != want || s.Upstream.String() != "[::1]:7" {
		t.Errorf("%d %s: %+v and %v", w.Code, w.Body, s.NAT, s.Upstream)
	}
	for _, part := range []string{`"nat-timeout":"30s"`, `"rebind-every":"5m0s"`, `"upstream":"[::1]:7"`} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("the answer %s does not say %s", w.Body, part)
		}
	}
}

func TestRebind(t *testing.T) {
	h, p := testAPI(t)
	c, err := net.Dial("udp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	count := func(what string, of func(s proxy.Stats) bool) {
		t.Helper()
		if _, err := c.Write([]byte(what)); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(20 * time.Second); !of(p.Stats()); {
			if time.Now().After(end) {
				t.Fatalf("never: %s", what)
			}
		}
	}
	count("a flow", func(s proxy.Stats) bool { return s.Up.PacketsReceived == 1 })
	asJSON := map[string]string{"Content-Type": "application/json"}
	for _, bad := range []struct {
		body   string
		header map[string]string
		status int
	}{{"{}", nil, 415}, {"", asJSON, 400}, {`{"flow":1}`, asJSON, 400}} {
		w := request{method: "POST", path: "/proxies/default/rebind", body: bad.body, header: bad.header}.do(t, h)
		if w.Code != bad.status {
			t.Errorf("%q: %d, want %d", bad.body, w.Code, bad.status)
		}
		refusal(t, w)
	}
	w := request{method: "POST", path: "/proxies/default/rebind", body: "{}", header: asJSON}.do(t, h)
	if want := `{"name":"default","flows":1}` + "\n"; w.Code != 200 || w.Body.String() != want {
		t.Errorf("%d %q, want %q", w.Code, w.Body, want)
	}
	count("another port", func(s proxy.Stats) bool { return s.Rebound == 1 })
}

// What GET answers can be sent back.
func TestPatchTakesWhatGetGives(t *testing.T) {
	h, p := testAPI(t)
	body := request{method: "GET", path: "/proxies/default"}.do(t, h).Body.String()
	body = strings.Replace(body, `"loss":"5%"`, `"loss":"6%"`, 1)
	w := request{method: "PATCH", path: "/proxies/default", body: body}.do(t, h)
	want := before
	want.Up.Loss = 0.06
	if w.Code != 200 || p.Config() != want {
		t.Errorf("%d %s: got %+v, want %+v", w.Code, w.Body, p.Config(), want)
	}
}

// A bad PATCH is refused with the name of the field, and changes nothing, not
// even what stood before the fault.
func TestBadPatchChangesNothing(t *testing.T) {
	h, p := testAPI(t)
	for _, c := range []struct{ body, says string }{
		{`{"loss":"1%","los":"5%"}`, `unknown field "los"`},
		{`{"loss":"1%","up":{"toxicity":1}}`, `unknown field "up.toxicity"`},
		{`{"Loss":"5%"}`, `unknown field "Loss"`},
		{`{"loss":"150%"}`, `field "loss": "150%" is out of range`},
		{`{"down":{"loss":5}}`, `field "down.loss": "5" is ambiguous`},
		{`{"loss":"5%","delay":"-4ms"}`, `field "delay"`},
		{`{"delay":40}`, `field "delay": "40" has no unit`},
		{`{"rate":"10"}`, `field "rate": "10" has no unit`},
		{`{"burst":"long"}`, `field "burst"`},
		{`{"reorder-by":1.5}`, `field "reorder-by"`},
		{`{"loss":true}`, `field "loss": want a string or a number`},
		{`{"jitter-reorder":1}`, `field "jitter-reorder": want true or false`},
		{`{"up":{"loss-after-queue":"true"}}`, `field "up.loss-after-queue": want true or false`},
		{`{"jitter-reorder":null}`, `field "jitter-reorder": want true or false`},
		{`{"loss":null}`, `field "loss": want a string or a number`},
		{`{"seed":-1}`, `field "seed"`},
		{`{"enabled":"yes"}`, `field "enabled"`},
		{`{"enabled":null}`, "nothing to change"},
		{`{"up":"5%"}`, `field "up": want a JSON object`},
		{`{"up":{"loss":"5%","loss":"6%"}}`, `field "up.loss": stands twice`},
		{`{"loss":"5%","loss":"6%"}`, `field "loss": stands twice`},
		{`{"listen":"127.0.0.1"}`, `field "listen"`},
		{`{"listen":"127.0.0.1:port"}`, `field "listen"`},
		{`{"protocol":"tcp"}`, `field "protocol": "tcp"`},
		{`{"loss":"1%","name":"other"}`, `field "name": cannot be changed`},
		{`{"upstream":false}`, `field "upstream"`},
		{`{"upstream":"127.0.0.1"}`, `field "upstream"`},
		{`{"upstream":"127.0.0.1:0"}`, `field "upstream": port 0`},
		{`{"loss":"1%","upstream":"` + p.Addr().String() + `"}`, "would loop"},
		{`{"nat-timeout":30}`, `field "nat-timeout": "30" has no unit`},
		{`{"nat-timeout":true}`, `field "nat-timeout"`},
		{`{"loss":"1%","rebind-every":"1ns"}`, "rebind-every 1ns"},
		{`{"up":{"rebind-every":"1s"}}`, `unknown field "up.rebind-every"`},
		// Fields that are right alone and wrong together.
		{`{"loss":"1%","jitter":"90ms"}`, "up: jitter 90ms"},
		{`{"loss":"95%"}`, "up: loss"},
		{`{}`, "nothing to change"},
		{``, "want a JSON object"},
		{`[]`, "want a JSON object"},
		{`"loss"`, "want a JSON object"},
		{`{"loss":"5%"`, "not valid JSON"},
		{`{"loss":}`, "not valid JSON"},
		{`{"loss":"5%"} {}`, "text behind"},
		{`{"up":` + strings.Repeat("[", 20000), "not valid JSON"},
	} {
		w := request{method: "PATCH", path: "/proxies/default", body: c.body}.do(t, h)
		if w.Code != 400 {
			t.Errorf("PATCH %.60s: status %d, want 400", c.body, w.Code)
		}
		if got := refusal(t, w); !strings.Contains(got, c.says) {
			t.Errorf("PATCH %.60s: %q, want it to say %q", c.body, got, c.says)
		}
		if s := p.Settings(); s.Network != before || !s.Enabled || s.NAT != (proxy.NAT{}) || s.Upstream.String() != "127.0.0.1:9" {
			t.Fatalf("PATCH %.60s was refused and yet changed the proxy", c.body)
		}
	}
}

func TestStats(t *testing.T) {
	h, p := testAPI(t)
	if err := p.SetConfig(lossy.Config{Up: lossy.Profile{Loss: 1}}); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("udp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("lost")); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Schema, Name string
		StatsReport
	}
	for end := time.Now().Add(20 * time.Second); got.Up.PacketsIn == 0; {
		if time.Now().After(end) {
			t.Fatal("the datagram never came up in the stats")
		}
		w := request{method: "GET", path: "/proxies/default/stats"}.do(t, h)
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
	}
	if got.Schema != "udplab/proxy-stats/v1" || got.Name != "default" || got.Flows != 1 || got.FlowsOpened != 1 {
		t.Errorf("got %+v", got)
	}
	if got.Up.BytesIn != 4 || got.Up.PacketsOut != 0 || got.Up.Dropped["loss"] != 1 {
		t.Errorf("up %+v, want one datagram of 4 bytes lost", got.Up)
	}
	if got.Up.Rates["loss"].Configured != 1 || got.Up.Rates["loss"].Observed != 1 || len(got.Up.Rates) != 1 {
		t.Errorf("rates %+v, want a loss of 1 configured and observed", got.Up.Rates)
	}
	for _, cause := range []string{"loss", "queue", "blackout", "overload", "aqm", "policer", "flow_limit", "flow_error", "flow_closed", "oversize", "nat", "kernel_tx", "kernel_rx"} {
		if _, ok := got.Down.Dropped[cause]; !ok {
			t.Errorf("cause %q is missing, zeros must show", cause)
		}
	}
}

func TestReady(t *testing.T) {
	f := testFleet(t)
	if _, err := f.Add("a", proxy.Config{Listen: "127.0.0.1:0", Upstream: "127.0.0.1:9"}); err != nil {
		t.Fatal(err)
	}
	late, err := f.Add("b", proxy.Config{Listen: "127.0.0.1:0", Upstream: "127.0.0.1:9", LateLimit: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	h := NewHandler(f, anyone)
	ready := request{method: "GET", path: "/ready"}
	if w := ready.do(t, h); w.Code != 200 || w.Body.String() != `{"ready":true}`+"\n" {
		t.Errorf("without traffic: %d %q", w.Code, w.Body)
	}
	c, err := net.Dial("udp", late.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); late.Ready() == nil; {
		if time.Now().After(end) {
			t.Fatal("a nanosecond was kept")
		}
	}
	w := ready.do(t, h)
	if got := refusal(t, w); w.Code != 503 || !strings.Contains(got, `proxy "b": up: one datagram of 1 left`) {
		t.Errorf("%d %q", w.Code, got)
	}
}

func TestPathsAndMethods(t *testing.T) {
	h, _ := testAPI(t)
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/proxies/other", 404, ""},
		{"PATCH", "/proxies/other", 404, ""},
		{"GET", "/", 404, ""},
		{"GET", "/debug/pprof/", 404, ""},
		{"PATCH", "/proxies/default/toxics", 405, "GET, POST"},
		{"PUT", "/proxies/default/toxics/x", 405, "DELETE, GET, PATCH, POST"},
		{"GET", "/proxies/default/toxics/x", 404, ""},
		{"DELETE", "/proxies", 405, "GET, POST, PUT"},
		{"PUT", "/proxies/default", 405, "DELETE, GET, PATCH, POST"},
		{"GET", "/populate", 405, "POST"},
		{"GET", "/reset", 405, "POST"},
		{"DELETE", "/proxies/other", 404, ""},
		{"FOO", "/proxies/default/stats", 405, "GET"},
		{"PATCH", "/proxies/default/stats", 405, "GET"},
		{"GET", "/proxies/default/rebind", 405, "POST"},
		{"PATCH", "/ready", 405, "GET"},
		{"POST", "/proxies/other/rebind", 404, ""},
	} {
		w := request{method: c.method, path: c.path}.do(t, h)
		if w.Code != c.status || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q; want %d, %q", c.method, c.path, w.Code, w.Header().Get("Allow"), c.status, c.allow)
		}
		refusal(t, w)
	}
	if w := (request{method: "HEAD", path: "/proxies"}).do(t, h); w.Code != 200 {
		t.Errorf("HEAD /proxies: %d, want 200", w.Code)
	}
}

// An unknown field is answered with the one that may have been meant, by where it
// stands.
func TestUnknownFieldsHaveAHint(t *testing.T) {
	h, _ := testAPI(t)
	for _, c := range []struct{ method, path, body, want string }{
		{http.MethodPatch, "/proxies/default", `{"up":{"los":"5%"}}`, `unknown field "up.los", did you mean loss?`},
		{http.MethodPatch, "/proxies/default", `{"rebind-evry":"5s"}`, `unknown field "rebind-evry", did you mean rebind-every?`},
		{http.MethodPatch, "/proxies/default", `{"fr":"5s"}`, `unknown field "fr"`},
		{http.MethodPatch, "/proxies/default", `{"scenario":{"steps":[{"att":"1s"}]}}`, `unknown field "scenario.steps.0.att", did you mean at?`},
		{http.MethodPost, "/proxies/default/toxics", `{"typ":"latency"}`, `unknown field "typ", did you mean type?`},
	} {
		r := request{method: c.method, path: c.path, body: c.body, header: map[string]string{"Content-Type": "application/json"}}
		if got := refusal(t, r.do(t, h)); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.path, c.body, got, c.want)
		}
	}
}
