package control

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// toxicAPI is the API over one proxy, "p", with a base of its own: the burst is
// what a toxic must not disturb.
func toxicAPI(t *testing.T) (http.Handler, *Fleet) {
	t.Helper()
	f := testFleet(t)
	h := NewHandler(f, anyone)
	if status, body := send(t, h, "POST", "/proxies", `{"name":"p","upstream":":9","seed":1,"down":{"reorder":"1%"}}`); status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	return h, f
}

func mustParseBlackout(t *testing.T, s string) lossy.Blackout {
	t.Helper()
	b, err := lossy.ParseBlackout(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What each type is in the settings of a direction, and how it is shown.
func TestToxicTypes(t *testing.T) {
	drop, err := lossy.ParseRules("size>1200")
	if err != nil {
		t.Fatal(err)
	}
	always := mustParseBlackout(t, "at=0s,for=8760h")
	for _, c := range []struct {
		toxic, shown string // type and attributes; name, stream and toxicity are the default
		want         lossy.Profile
	}{
		{`"latency","attributes":{"latency":100,"jitter":10}`, `{"jitter":10,"latency":100}`,
			lossy.Profile{Delay: 100 * time.Millisecond, Jitter: 10 * time.Millisecond}},
		{`"latency","attributes":{"latency":1e3}`, `{"jitter":0,"latency":1000}`, lossy.Profile{Delay: time.Second}},
		{`"latency"`, `{"jitter":0,"latency":0}`, lossy.Profile{}},
		{`"bandwidth","attributes":{"rate":125}`, `{"rate":125}`, lossy.Profile{Rate: 1e6}},
		{`"bandwidth","attributes":{"rate":0}`, `{"rate":0}`, lossy.Profile{}},
		{`"packet_loss","attributes":{"loss_rate":0.1}`, `{"correlation":0,"loss_rate":0.1}`, lossy.Profile{Loss: 0.1}},
		{`"packet_loss","attributes":{"loss_rate":1}`, `{"correlation":0,"loss_rate":1}`, lossy.Profile{Loss: 1}},
		{`"packet_loss","attributes":{"loss_rate":0.3333,"correlation":0.25}`, `{"correlation":0.25,"loss_rate":0.3333}`,
			lossy.Profile{LossModel: lossy.CorrelatedLoss{P: 0.3333, Rho: 0.25}}},
		{`"timeout","attributes":{"timeout":0}`, `{"timeout":0}`, lossy.Profile{Blackout: always}},
		{`"timeout"`, `{"timeout":0}`, lossy.Profile{Blackout: always}},
		{`"loss","attributes":{"loss":"5%","burst":4}`, `{"burst":4,"loss":"5%"}`, lossy.Profile{Loss: 0.05, Burst: 4}},
		{`"delay","attributes":{"delay":"40ms","jitter":"4ms","jitter-reorder":"true"}`, `{"delay":"40ms","jitter":"4ms","jitter-reorder":true}`,
			lossy.Profile{Delay: 40 * time.Millisecond, Jitter: 4 * time.Millisecond, JitterReorder: true}},
		{`"duplicate","attributes":{"duplicate":0.5}`, `{"duplicate":"50%"}`, lossy.Profile{Duplicate: 0.5}},
		{`"corrupt","attributes":{"corrupt":"1%"}`, `{"corrupt":"1%"}`, lossy.Profile{Corrupt: 0.01}},
		{`"bottleneck","attributes":{"rate":"1mbit","ecn":false,"queue":"64KiB"}`, `{"ecn":false,"queue":"64KiB","rate":"1mbit"}`,
			lossy.Profile{Rate: 1e6, QueueBytes: 64 << 10}},
		{`"blackout","attributes":{"blackout":"at=5s,for=3s"}`, `{"blackout":"at=5s,for=3s"}`, lossy.Profile{Blackout: mustParseBlackout(t, "at=5s,for=3s")}},
		{`"mtu","attributes":{"mtu":1200}`, `{"mtu":1200}`, lossy.Profile{MTU: 1200}},
		{`"drop","attributes":{"drop":"size>1200"}`, `{"drop":"size>1200"}`, lossy.Profile{Drop: drop}},
	} {
		h, f := toxicAPI(t)
		before := shown(t, h, "p")
		kind := c.toxic[1 : strings.IndexByte(c.toxic[1:], '"')+1]
		status, body := send(t, h, "POST", "/proxies/p/toxics", `{"type":`+c.toxic+`}`)
		want := `{"name":"` + kind + `_downstream","type":"` + kind + `","stream":"downstream","toxicity":1,"attributes":` + c.shown + "}\n"
		if status != 200 || body != want {
			t.Errorf("%s: %d %s, want %s", c.toxic, status, body, want)
		}
		profile := c.want
		profile.Reorder = 0.01 // of the base
		if got := f.Proxy("p").Config(); got != (lossy.Config{Seed: 1, Down: profile}) {
			t.Errorf("%s: got %+v, want %+v", c.toxic, got.Down, profile)
		}
		if status, got := send(t, h, "GET", "/proxies/p/toxics/"+kind+"_downstream", ""); status != 200 || got != want {
			t.Errorf("%s: shown as %d %s", c.toxic, status, got)
		}
		if status, got := send(t, h, "GET", "/proxies/p/toxics", ""); status != 200 || got != "["+strings.TrimSpace(want)+"]\n" {
			t.Errorf("%s: listed as %d %s", c.toxic, status, got)
		}
		// Sent back it is the same again, and removed it leaves nothing behind.
		if status, got := send(t, h, "PATCH", "/proxies/p", shown(t, h, "p")); status != 200 || f.Proxy("p").Config().Down != profile {
			t.Errorf("%s: sent back: %d %s", c.toxic, status, got)
		}
		if status, _ := send(t, h, "DELETE", "/proxies/p/toxics/"+kind+"_downstream", ""); status != 204 || shown(t, h, "p") != before {
			t.Errorf("%s: removed: %d, %s", c.toxic, status, shown(t, h, "p"))
		}
	}
}

// The reference names a kind for every setting; so it is with toxics.
func TestEverySettingHasOneToxicType(t *testing.T) {
	groups := make(map[string]string)
	for _, g := range settingGroups() {
		for _, field := range g.fields {
			if groups[field] != "" {
				t.Errorf("%s is of %s and of %s", field, groups[field], g.name)
			}
			groups[field] = g.name
		}
	}
	for _, f := range settings.Fields() {
		if groups[f.Name] == "" {
			t.Errorf("no toxic sets %s: add it to a group", f.Name)
		}
		delete(groups, f.Name)
	}
	for field := range maps.Keys(groups) {
		t.Errorf("%s is no setting", field)
	}
}

func TestToxicRefusals(t *testing.T) {
	for _, c := range []struct{ body, field, says string }{
		{`{}`, "type", "missing required field"},
		{`{"type":"foo"}`, "type", `invalid toxic type "foo": want one of latency, bandwidth`},
		{`{"type":"slow_close","attributes":{"delay":10}}`, "type", "invalid toxic type for datagrams: slow_close delays the closing of a connection"},
		{`{"type":"reset_peer"}`, "type", "use timeout with timeout 0"},
		{`{"type":"slicer"}`, "type", "use mtu"},
		{`{"type":"limit_data"}`, "type", "use drop"},
		{`{"type":"latency","stream":"sideways"}`, "stream", "stream was invalid, can be either upstream or downstream"},
		{`{"type":"latency","stream":""}`, "stream", "stream was invalid"},
		{`{"type":"latency","name":"a/b"}`, "name", "cannot stand in a path"},
		{`{"type":"latency","toxicity":1.5}`, "toxicity", "1.5: want a number from 0 to 1"},
		{`{"type":"latency","toxicity":-0.5}`, "toxicity", "from 0 to 1"},
		{`{"type":"latency","toxicity":"1"}`, "toxicity", "from 0 to 1"},
		{`{"type":"latency","toxicity":null}`, "toxicity", "from 0 to 1"},
		{`{"type":"latency","typ":"x"}`, "typ", "unknown field"},
		{`{"type":"latency","type":"latency"}`, "type", "stands twice"},
		{`{"type":"latency","attributes":7}`, "attributes", "want a JSON object"},
		{`{"type":"latency","attributes":{"latancy":100}}`, "attributes.latancy", "unknown attribute, want jitter, latency"},
		{`{"type":"latency","attributes":{"latency":"100ms"}}`, "attributes.latency", "want a number"},
		{`{"type":"latency","attributes":{"latency":true}}`, "attributes.latency", "want a number"},
		{`{"type":"latency","attributes":{"latency":null}}`, "attributes.latency", "want a number"},
		{`{"type":"latency","attributes":{"latency":1.5}}`, "attributes.latency", "whole number of milliseconds"},
		{`{"type":"latency","attributes":{"latency":-1}}`, "attributes.latency", "from 0 to 3600000"},
		{`{"type":"latency","attributes":{"latency":1e9}}`, "attributes.latency", "from 0 to 3600000"},
		{`{"type":"latency","attributes":{"latency":1e999}}`, "attributes.latency", "want a number"},
		{`{"type":"latency","attributes":{"latency":5,"jitter":10}}`, "attributes.jitter", "must not exceed the latency"},
		{`{"type":"latency","attributes":{"latency":5,"latency":10}}`, "attributes.latency", "stands twice"},
		{`{"type":"bandwidth","attributes":{"rate":1e12}}`, "attributes.rate", "KB/s from 0 to 125000000"},
		{`{"type":"packet_loss"}`, "attributes.loss_rate", "missing required field"},
		{`{"type":"packet_loss","attributes":{"loss_rate":10}}`, "attributes.loss_rate", "from 0 to 1"},
		{`{"type":"packet_loss","attributes":{"loss_rate":0.1,"correlation":1}}`, "attributes.correlation", "from 0 to 0.999"},
		{`{"type":"timeout","attributes":{"timeout":5000}}`, "attributes.timeout", "closes a connection"},
		{`{"type":"loss"}`, "attributes", "say what to set: loss, burst"},
		{`{"type":"loss","attributes":{"delay":"1ms"}}`, "attributes.delay", "unknown attribute, want loss, burst"},
		{`{"type":"loss","attributes":{"loss":5}}`, "attributes.loss", "ambiguous"},
		{`{"type":"loss","attributes":{"loss-model":"trace:/etc/passwd"}}`, "attributes.loss-model", "names a file"},
		{`{"type":"delay","attributes":{"delay":40}}`, "attributes.delay", "has no unit"},
		{`{"type":"bottleneck","attributes":{"ecn":1}}`, "attributes.ecn", "want true or false"},
		{`{"type":"bottleneck","attributes":{"rate":"1mbit"`, "attributes", "not valid JSON"},
		{`[]`, "", "want a JSON object"},
		{``, "", "want a JSON object"},
		// Together with the base.
		{`{"type":"delay","attributes":{"jitter":"1ms"}}`, "", "with its toxics, down: jitter 1ms: must not exceed the delay"},
	} {
		h, f := toxicAPI(t)
		before := shown(t, h, "p")
		status, body := send(t, h, "POST", "/proxies/p/toxics", c.body)
		var refused struct{ Error string }
		if err := json.Unmarshal([]byte(body), &refused); err != nil || status != 400 || !strings.Contains(refused.Error, c.says) {
			t.Errorf("%s: %d %s, want 400 and %q", c.body, status, body, c.says)
		}
		if c.field != "" && !strings.Contains(refused.Error, `field "`+c.field+`"`) {
			t.Errorf("%s: %s, want the field %q", c.body, refused.Error, c.field)
		}
		// The same within a whole proxy, which then does not come to be.
		if strings.HasPrefix(c.body, "{") && json.Valid([]byte(c.body)) {
			status, body := send(t, h, "POST", "/proxies", `{"name":"q","upstream":":9","toxics":[`+c.body+`]}`)
			if err := json.Unmarshal([]byte(body), &refused); err != nil || status != 400 || !strings.Contains(refused.Error, c.says) {
				t.Errorf("%s in a proxy: %d %s", c.body, status, body)
			}
			if c.field != "" && !strings.Contains(refused.Error, `field "toxics.0.`+c.field+`"`) {
				t.Errorf("%s in a proxy: %s, want the path", c.body, refused.Error)
			}
		}
		if after := shown(t, h, "p"); after != before || !slices.Equal(f.Names(), []string{"p"}) {
			t.Fatalf("%s was refused and yet changed something: %s", c.body, after)
		}
	}
}

func TestToxicsThatDoNotGoTogether(t *testing.T) {
	h, f := toxicAPI(t)
	add := func(body string, want int, says string) {
		t.Helper()
		status, answer := send(t, h, "POST", "/proxies/p/toxics", body)
		if status != want || !strings.Contains(answer, says) {
			t.Errorf("%s: %d %s, want %d and %s", body, status, answer, want, says)
		}
	}
	add(`{"type":"latency","name":"slow","attributes":{"latency":5}}`, 200, "")
	add(`{"type":"latency","name":"slow","stream":"upstream","attributes":{"latency":5}}`, 409, `toxic already exists: \"slow\"`)
	add(`{"type":"delay","name":"slower","attributes":{"delay":"5ms"}}`, 409, `two toxics set the same: \"slow\" and \"slower\" both set downstream delay`)
	add(`{"type":"delay","name":"slower","stream":"upstream","attributes":{"delay":"5ms"}}`, 200, "")
	add(`{"type":"delay","name":"racing","attributes":{"jitter-reorder":true}}`, 200, "")
	if got, want := names(t, f), "slower slow racing"; got != want {
		t.Errorf("toxics %s, want %s: those of upstream in front", got, want)
	}
	if status, body := send(t, h, "PATCH", "/proxies/p/toxics/racing", `{"attributes":{"delay":"1ms"}}`); status != 409 {
		t.Errorf("a PATCH into the field of another: %d %s", status, body)
	}
	status, body := send(t, h, "PATCH", "/proxies/p", `{"toxics":[{"type":"mtu","attributes":{"mtu":1}},{"type":"mtu","name":"again","attributes":{"mtu":2}}]}`)
	if status != 409 || !strings.Contains(body, `field \"toxics\": two toxics set the same: \"mtu_downstream\" and \"again\" both set downstream mtu`) {
		t.Errorf("in a PATCH of the proxy: %d %s", status, body)
	}
	if got, want := names(t, f), "slower slow racing"; got != want {
		t.Errorf("toxics %s after refusals, want %s", got, want)
	}
	var many []string
	for i := range MaxToxics + 1 {
		many = append(many, `{"type":"latency","name":"t`+string(rune('A'+i%26))+string(rune('a'+i/26))+`"}`)
	}
	status, body = send(t, h, "PATCH", "/proxies/p", `{"toxics":[`+strings.Join(many, ",")+`]}`)
	if status != 400 || !strings.Contains(body, "65 toxics, at most 64") {
		t.Errorf("too many: %d %s", status, body)
	}
}

func names(t *testing.T, f *Fleet) string {
	t.Helper()
	toxics, err := f.Toxics("p")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, toxic := range toxics {
		list = append(list, toxic.Name)
	}
	return strings.Join(list, " ")
}

func TestUpdateToxic(t *testing.T) {
	h, f := toxicAPI(t)
	if status, body := send(t, h, "POST", "/proxies/p/toxics", `{"type":"latency","name":"slow","attributes":{"latency":100,"jitter":10}}`); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	for _, c := range []struct{ method, body, want string }{
		{"PATCH", `{"attributes":{"latency":50}}`, `"toxicity":1,"attributes":{"jitter":10,"latency":50}}`},
		{"POST", `{"attributes":{"jitter":5},"toxicity":0}`, `"toxicity":0,"attributes":{"jitter":5,"latency":50}}`},
		{"PATCH", `{"toxicity":1}`, `"toxicity":1,"attributes":{"jitter":5,"latency":50}}`},
		{"PATCH", `{"name":"slow","type":"latency","stream":"downstream","toxicity":1,"attributes":null}`, `"toxicity":1,"attributes":{"jitter":5,"latency":50}}`},
	} {
		status, body := send(t, h, c.method, "/proxies/p/toxics/slow", c.body)
		if want := `{"name":"slow","type":"latency","stream":"downstream",` + c.want + "\n"; status != 200 || body != want {
			t.Errorf("%s: %d %s, want %s", c.body, status, body, want)
		}
		down := f.Proxy("p").Config().Down
		if hit := strings.Contains(c.want, `"toxicity":1`); hit != (down.Delay == 50*time.Millisecond) || hit == (down.Delay == 0) {
			t.Errorf("%s left a delay of %v", c.body, down.Delay)
		}
	}
	before := shown(t, h, "p")
	for body, says := range map[string]string{
		`{}`:                               "nothing to change",
		`{"attributes":{"latency":4}}`:     `field \"attributes.jitter\"`,
		`{"attributes":{"latancy":4}}`:     `field \"attributes.latancy\"`,
		`{"toxicity":2}`:                   `field \"toxicity\"`,
		`{"stream":"upstream"}`:            `field \"stream\": cannot be changed, it is \"downstream\"`,
		`{"type":"bandwidth"}`:             `field \"type\": cannot be changed`,
		`{"name":"fast"}`:                  `field \"name\": cannot be changed`,
		`{"enabled":true}`:                 `unknown field \"enabled\"`,
		`{"toxicity":0.9,"toxicity":0.95}`: "stands twice",
	} {
		if status, answer := send(t, h, "PATCH", "/proxies/p/toxics/slow", body); status != 400 || !strings.Contains(answer, says) {
			t.Errorf("%s: %d %s, want 400 and %s", body, status, answer, says)
		}
	}
	if after := shown(t, h, "p"); after != before {
		t.Errorf("refused updates changed\n%s to\n%s", before, after)
	}
	for _, c := range []struct{ method, path, says string }{
		{"GET", "/proxies/p/toxics/fast", `toxic not found: \"fast\"`},
		{"PATCH", "/proxies/p/toxics/fast", `toxic not found: \"fast\"`},
		{"DELETE", "/proxies/p/toxics/fast", `toxic not found: \"fast\"`},
		{"GET", "/proxies/q/toxics", `proxy not found: \"q\"`},
		{"POST", "/proxies/q/toxics", `proxy not found: \"q\"`},
		{"DELETE", "/proxies/q/toxics/slow", `proxy not found: \"q\"`},
	} {
		if status, body := send(t, h, c.method, c.path, `{"toxicity":1}`); status != 404 || !strings.Contains(body, c.says) {
			t.Errorf("%s %s: %d %s, want 404 and %s", c.method, c.path, status, body, c.says)
		}
	}
}

// Toxics come with a proxy in one step, through every call that makes one, and go
// by a reset. A POST of a whole proxy, as client libraries send it, leaves them.
func TestToxicsOfWholeProxies(t *testing.T) {
	const proxy = `{"name":"q","upstream":"127.0.0.1:9","seed":2,"loss":"1%","toxics":[{"type":"latency","attributes":{"latency":7}}]}`
	want := lossy.Config{Seed: 2, Up: lossy.Profile{Loss: 0.01}, Down: lossy.Profile{Loss: 0.01, Delay: 7 * time.Millisecond}}
	for _, call := range [][3]string{
		{"POST", "/proxies", proxy}, {"POST", "/populate", "[" + proxy + "]"}, {"PUT", "/proxies", "[" + proxy + "]"},
	} {
		f := testFleet(t)
		h := NewHandler(f, anyone)
		status, body := send(t, h, call[0], call[1], call[2])
		if status >= 300 || f.Proxy("q").Config() != want {
			t.Fatalf("%v: %d %s", call, status, body)
		}
		// What toxiproxy's populate leaves alone stays, its null too.
		for _, same := range []string{`[{"name":"q","upstream":"127.0.0.1:9"}]`, `[{"name":"q","upstream":"127.0.0.1:9","toxics":null}]`} {
			if status, body := send(t, h, "POST", "/populate", same); status != 201 || f.Proxy("q").Config() != want {
				t.Errorf("populated with %s: %d %s", same, status, body)
			}
		}
		if status, body := send(t, h, "POST", "/proxies/q", `{"name":"q","enabled":false,"toxics":[]}`); status != 200 || f.Proxy("q").Config() != want || f.Proxy("q").Enabled() {
			t.Errorf("a POST with other toxics: %d %s", status, body)
		}
		if status, body := send(t, h, "POST", "/reset", ""); status != 204 || !f.Proxy("q").Enabled() || f.Proxy("q").Config().Down.Delay != 0 {
			t.Errorf("reset: %d %s", status, body)
		}
		if toxics, err := f.Toxics("q"); err != nil || len(toxics) != 0 || f.Proxy("q").Config().Up.Loss != 0.01 {
			t.Errorf("a reset left %v, %v, or took the base", toxics, err)
		}
		if status, _ := send(t, h, "PATCH", "/proxies/q", `{"toxics":[{"type":"latency","attributes":{"latency":7}}]}`); status != 200 || f.Proxy("q").Config() != want {
			t.Errorf("a PATCH with toxics: %d", status)
		}
		// A base must be able to live without its toxics.
		if status, body := send(t, h, "PATCH", "/proxies/q", `{"down":{"jitter":"1ms"}}`); status != 400 {
			t.Errorf("a base that only the toxic makes valid: %d %s", status, body)
		}
	}
}

func TestToxicErrorsAreTyped(t *testing.T) {
	_, f := toxicAPI(t)
	toxic, err := ParseToxic([]byte(`{"type":"mtu","attributes":{"mtu":9}}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.AddToxic("q", toxic); !errors.Is(err, ErrNotFound) {
		t.Errorf("no proxy: %v", err)
	}
	if err := f.AddToxic("p", toxic); err != nil {
		t.Fatal(err)
	}
	if err := f.AddToxic("p", toxic); !errors.Is(err, ErrToxicExists) {
		t.Errorf("twice: %v", err)
	}
	if err := f.RemoveToxic("p", "other"); !errors.Is(err, ErrToxicNotFound) {
		t.Errorf("no toxic: %v", err)
	}
	_, err = ParseToxic([]byte(`{"type":"mtu","attributes":{"mtu":"x"}}`))
	if field, ok := errors.AsType[*settings.FieldError](err); !ok || field.Field != "attributes.mtu" {
		t.Errorf("got %v, want a FieldError of attributes.mtu", err)
	}
}
