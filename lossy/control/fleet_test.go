package control

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

var asJSON = map[string]string{"Content-Type": "application/json"}

// send is a request that opens or changes something.
func send(t *testing.T, h http.Handler, method, path, body string) (status int, answer string) {
	t.Helper()
	w := request{method: method, path: path, body: body, header: asJSON}.do(t, h)
	return w.Code, w.Body.String()
}

// shown is a proxy as GET shows it.
func shown(t *testing.T, h http.Handler, name string) string {
	t.Helper()
	status, body := send(t, h, "GET", "/proxies/"+name, "")
	if status != 200 {
		t.Fatalf("GET %s: %d %s", name, status, body)
	}
	return body
}

func TestCreateAndRemove(t *testing.T) {
	f := testFleet(t)
	h := NewHandler(f, anyone)
	const body = `{"name":"dns","listen":"127.0.0.1:0","upstream":"127.0.0.1:9","seed":7,"loss":"1%","down":{"delay":"40ms"},"nat-timeout":"30s","enabled":false}`
	status, answer := send(t, h, "POST", "/proxies", body)
	if status != 201 || answer != shown(t, h, "dns") {
		t.Errorf("%d %s, want 201 and what GET shows, %s", status, answer, shown(t, h, "dns"))
	}
	p := f.Proxy("dns")
	want := proxy.Settings{
		Network:  lossy.Config{Seed: 7, Up: lossy.Profile{Loss: 0.01}, Down: lossy.Profile{Loss: 0.01, Delay: 40 * time.Millisecond}},
		NAT:      proxy.NAT{Timeout: 30 * time.Second},
		Upstream: p.Upstream(),
	}
	if got, want := (state{Settings: p.Settings()}), (state{Settings: want}); !got.equal(&want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if status, answer := send(t, h, "POST", "/proxies", body); status != 409 || !strings.Contains(answer, `proxy already exists: \"dns\"`) {
		t.Errorf("again: %d %s, want 409", status, answer)
	}
	if status, answer := send(t, h, "DELETE", "/proxies/dns", ""); status != 204 || answer != "" {
		t.Errorf("DELETE: %d %q, want 204 and nothing", status, answer)
	}
	if status, _ := send(t, h, "DELETE", "/proxies/dns", ""); status != 404 {
		t.Errorf("DELETE again: %d, want 404", status)
	}
	c, err := net.ListenPacket("udp", p.Addr().String())
	if err != nil {
		t.Fatalf("the address of a proxy that was removed: %v", err)
	}
	c.Close()
}

// prepare and OnOpen see every proxy, however it came to be, and what they are
// to be told when it closes they are told once.
func TestHooksSeeEveryProxy(t *testing.T) {
	var prepared, opened, closed []string
	f := NewFleet(func(name string, c *proxy.Config) error {
		if name == "refused" {
			return errors.New("not this one")
		}
		prepared = append(prepared, name)
		c.MaxFlows = 3
		return nil
	})
	f.OnOpen(func(name string, p *proxy.Proxy) func() {
		opened = append(opened, name)
		return func() { closed = append(closed, name) }
	})
	f.OnOpen(func(string, *proxy.Proxy) func() { return nil })
	if _, err := f.Add("added", proxy.Config{Listen: ":0", Upstream: ":9"}); err != nil {
		t.Fatal(err)
	}
	h := NewHandler(f, anyone)
	if status, body := send(t, h, "POST", "/proxies", `{"name":"refused","upstream":":9"}`); status != 400 || !strings.Contains(body, "not this one") {
		t.Errorf("%d %s, want the error of prepare", status, body)
	}
	for _, r := range [][3]string{
		{"POST", "/proxies", `{"name":"created","upstream":":9"}`},
		{"POST", "/populate", `[{"name":"populated","upstream":":9"}]`},
		{"PUT", "/proxies", `[{"name":"put","upstream":":9"},{"name":"created","upstream":":9"}]`},
	} {
		if status, body := send(t, h, r[0], r[1], r[2]); status >= 300 {
			t.Fatalf("%s %s: %d %s", r[0], r[1], status, body)
		}
	}
	f.Close()
	f.Close()
	if got, want := strings.Join(prepared, " "), "added created populated put"; got != want {
		t.Errorf("prepared %s, want %s", got, want)
	}
	if got, want := strings.Join(opened, " "), "added created populated put"; got != want {
		t.Errorf("opened %s, want %s", got, want)
	}
	if got := strings.Join(closed, " "); got != "added populated created put" && got != "added populated put created" {
		t.Errorf("closed %s, want each once", got)
	}
	if _, err := f.Add("late", proxy.Config{Listen: ":0", Upstream: ":9"}); !errors.Is(err, errClosed) {
		t.Errorf("a proxy of a closed fleet: %v", err)
	}
}

func TestSpecRefusals(t *testing.T) {
	for _, c := range []struct{ body, field, says string }{
		{`{}`, "name", "missing required field"},
		{`{"name":"x"}`, "upstream", "missing required field"},
		{`{"name":"","upstream":":9"}`, "name", "empty"},
		{`{"name":"a/b","upstream":":9"}`, "name", "cannot stand in a path"},
		{`{"name":"..","upstream":":9"}`, "name", "cannot stand in a path"},
		{`{"name":"a b","upstream":":9"}`, "name", "cannot stand in a path"},
		{`{"name":"` + strings.Repeat("x", MaxName+1) + `","upstream":":9"}`, "name", "longer than"},
		{`{"name":"x","upstream":"nowhere"}`, "upstream", "missing port"},
		{`{"name":"x","upstream":":http"}`, "upstream", "is not a number"},
		{`{"name":"x","upstream":":65536"}`, "upstream", "is not a number"},
		{`{"name":"x","upstream":":9","listen":"::1:0"}`, "listen", "too many colons"},
		{`{"name":"x","upstream":":9","los":"1%"}`, "los", "unknown field"},
		{`{"name":"x","upstream":":9","up":{"los":"1%"}}`, "up.los", "unknown field"},
		{`{"name":"x","upstream":":9","protocol":"tcp"}`, "protocol", "its only protocol is"},
		{`{"name":"x","upstream":":9","enabled":1}`, "enabled", "want true or false"},
		{`{"name":"x","upstream":":9","jitter":"2ms"}`, "", "up: jitter 2ms"},
		{`{"name":"x","upstream":":9","nat-timeout":"1ns"}`, "", "nat-timeout 1ns"},
		{`{"name":"x","upstream":":9","loss-model":"trace:secret"}`, "loss-model", "names a file"},
	} {
		_, err := ParseSpec([]byte(c.body))
		if strings.Contains(c.body, "trace:") {
			_, err = testFleet(t).Create(mustSpec(t, c.body)) // only a running proxy knows
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.70s: %v, want it to say %q", c.body, err, c.says)
		}
		field, _ := errors.AsType[*settings.FieldError](err)
		if c.field != "" && (field == nil || field.Field != c.field) {
			t.Errorf("%.70s: %v, want the field %q", c.body, err, c.field)
		}
	}
}

func mustSpec(t *testing.T, body string) Spec {
	t.Helper()
	s, err := ParseSpec([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What GET /proxies answers is a state that PUT takes, and that changes nothing,
// not even a flow.
func TestPutIsIdempotent(t *testing.T) {
	told := 0
	f := NewFleet(func(_ string, c *proxy.Config) error {
		c.Changed = func(time.Duration, proxy.Settings) { told++ }
		return nil
	})
	t.Cleanup(f.Close)
	h := NewHandler(f, anyone)
	const state = `{
		"a": {"upstream": "127.0.0.1:9", "loss": "5%"},
		"b": {"listen": "127.0.0.1:0", "upstream": "localhost:9", "down": {"rate": "10mbit"}, "enabled": false}
	}`
	status, first := send(t, h, "PUT", "/proxies", state)
	if status != 200 {
		t.Fatalf("%d %s", status, first)
	}
	a, b := f.Proxy("a"), f.Proxy("b")
	for _, again := range []string{state, first} {
		if status, body := send(t, h, "PUT", "/proxies", again); status != 200 || body != first {
			t.Errorf("again: %d %s, want %s", status, body, first)
		}
	}
	if f.Proxy("a") != a || f.Proxy("b") != b || told != 0 {
		t.Errorf("putting the same again opened others or told of %d changes", told)
	}
	// What is left out goes back to its default, what is gone is closed.
	status, body := send(t, h, "PUT", "/proxies", `[{"name":"a","upstream":"127.0.0.1:9","delay":"1ms"}]`)
	if status != 200 || f.Proxy("a") != a || f.Proxy("b") != nil || told != 1 {
		t.Errorf("%d %s, told of %d changes", status, body, told)
	}
	if got, want := a.Config().Up, (lossy.Profile{Delay: time.Millisecond}); got != want {
		t.Errorf("a has %v, want %v", got, want)
	}
}

// Put is all or nothing: whatever is wrong with one of the proxies, the others
// stay as they were.
func TestPutThatFailsChangesNothing(t *testing.T) {
	f := testFleet(t)
	h := NewHandler(f, anyone)
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if status, body := send(t, h, "PUT", "/proxies", `[{"name":"a","upstream":":9","seed":1},{"name":"b","upstream":":9","seed":2}]`); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	a, b := f.Proxy("a"), f.Proxy("b")
	_, before := send(t, h, "GET", "/proxies", "")
	for _, c := range []struct {
		body   string
		status int
		says   string
	}{
		{`[{"name":"a","upstream":":9","loss":"1%"},{"name":"b","upstream":":9","loss":"101%"}]`, 400, `field \"proxies.1.loss\"`},
		{`[{"name":"a","upstream":":9"},{"name":"a","upstream":":9"}]`, 400, `field \"proxies.1.name\": \"a\" stands twice`},
		{`[{"name":"a","upstream":":9"},7]`, 400, `field \"proxies.1\": want a JSON object`},
		{`{"a":{"upstream":":9"},"b":{"upstream":":9","toxic":[]}}`, 400, `unknown field \"proxies.b.toxic\"`},
		{`{"a":{"upstream":":9","name":"b"}}`, 400, `field \"proxies.a.name\"`},
		{`{"a":{"upstream":":9","loss":"7%"},"c":{"upstream":":9","listen":"` + taken.LocalAddr().String() + `"}}`, 409, `field \"proxies.c.listen\"`},
		{`{"a":{"upstream":":9","loss":"7%"},"b":{"upstream":"` + b.Addr().String() + `"}}`, 400, `field \"proxies.b.upstream\"`},
		{`{"a":{"upstream":":9","loss":"7%"},"c":{"upstream":"127.0.0.1:0"}}`, 400, `field \"proxies.c.upstream\"`},
		{`"a"`, 400, "want a JSON array of proxies"},
		{``, 400, "want a JSON array of proxies"},
		{`[`, 400, "not valid JSON"},
	} {
		for _, call := range []string{"PUT /proxies", "POST /populate"} {
			method, path, _ := strings.Cut(call, " ")
			status, body := send(t, h, method, path, c.body)
			if status != c.status || !strings.Contains(body, c.says) {
				t.Errorf("%s %s: %d %s, want %d and %s", call, c.body, status, body, c.status, c.says)
			}
			if _, after := send(t, h, "GET", "/proxies", ""); after != before || f.Proxy("a") != a || f.Proxy("b") != b {
				t.Fatalf("%s %s changed\n%s to\n%s", call, c.body, before, after)
			}
		}
	}
}

// Proxies may exchange their addresses, or take that of one that goes.
func TestPutMovesAddresses(t *testing.T) {
	f := testFleet(t)
	h := NewHandler(f, anyone)
	if status, body := send(t, h, "PUT", "/proxies", `[{"name":"a","upstream":":9"},{"name":"b","upstream":":9"},{"name":"c","upstream":":9"}]`); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	at := map[string]string{}
	for _, name := range f.Names() {
		at[name] = f.Proxy(name).Addr().String()
	}
	status, body := send(t, h, "PUT", "/proxies",
		`[{"name":"a","upstream":":9","listen":"`+at["b"]+`"},{"name":"b","upstream":":9","listen":"`+at["a"]+`"},{"name":"d","upstream":":9","listen":"`+at["c"]+`"}]`)
	if status != 200 || f.Proxy("a").Addr().String() != at["b"] || f.Proxy("b").Addr().String() != at["a"] ||
		f.Proxy("d").Addr().String() != at["c"] || f.Proxy("c") != nil {
		t.Errorf("%d %s", status, body)
	}
	// Of one that cannot be opened, when the old one has made room already, the
	// old one is there again.
	_, before := send(t, h, "GET", "/proxies", "")
	status, body = send(t, h, "PUT", "/proxies",
		`[{"name":"a","upstream":":9","listen":"`+at["a"]+`"},{"name":"e","upstream":"`+at["c"]+`","listen":"`+at["c"]+`"}]`)
	if status != 400 || !strings.Contains(body, `field \"proxies.1.upstream\"`) {
		t.Errorf("a loop: %d %s", status, body)
	}
	if _, after := send(t, h, "GET", "/proxies", ""); after != before {
		t.Errorf("now\n%s, want what was before\n%s", after, before)
	}
}

// Only an address that is taken is a reason to close a proxy before its time.
func TestPutClosesNothingForWhatCannotBeOpened(t *testing.T) {
	f := NewFleet(func(name string, _ *proxy.Config) error {
		if name == "refused" {
			return errors.New("not this one")
		}
		return nil
	})
	t.Cleanup(f.Close)
	h := NewHandler(f, anyone)
	if status, body := send(t, h, "PUT", "/proxies", `[{"name":"a","upstream":":9"}]`); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	a := f.Proxy("a")
	status, body := send(t, h, "PUT", "/proxies", `[{"name":"refused","upstream":":9","listen":"`+a.Addr().String()+`"}]`)
	if status != 400 || !strings.Contains(body, "not this one") || f.Proxy("a") != a {
		t.Errorf("%d %s, and the proxy was opened anew or closed", status, body)
	}
}

// As in toxiproxy, populating what is there already changes nothing, and another
// upstream or listen address replaces it.
func TestPopulate(t *testing.T) {
	f := testFleet(t)
	h := NewHandler(f, anyone)
	populate := func(body string) []ProxyReportText {
		t.Helper()
		status, answer := send(t, h, "POST", "/populate", body)
		var got struct{ Proxies []ProxyReportText }
		if err := json.Unmarshal([]byte(answer), &got); err != nil || status != 201 {
			t.Fatalf("%d %s", status, answer)
		}
		return got.Proxies
	}
	if got := populate(`[]`); len(got) != 0 {
		t.Errorf("none gave %v", got)
	}
	got := populate(`[{"name":"a","upstream":":9","loss":"5%","enabled":false},{"name":"b","upstream":":9"}]`)
	if len(got) != 2 || got[0].Name != "a" || got[1].Name != "b" || got[0].Enabled {
		t.Errorf("got %+v", got)
	}
	a := f.Proxy("a")
	populate(`[{"name":"a","listen":"` + a.Addr().String() + `","upstream":"127.0.0.1:9"}]`)
	if f.Proxy("a") != a || a.Config().Up.Loss != 0.05 || a.Enabled() || f.Proxy("b") == nil {
		t.Error("the same again changed the proxy, or closed another")
	}
	populate(`[{"name":"a","upstream":"127.0.0.1:9","down":{"loss":"0"},"enabled":true}]`)
	if f.Proxy("a") != a || a.Config().Up.Loss != 0.05 || a.Config().Down.Loss != 0 || !a.Enabled() {
		t.Errorf("what the spec names was not changed, or more: %+v", a.Settings())
	}
	populate(`[{"name":"a","upstream":"127.0.0.1:7"}]`)
	if s := f.Proxy("a").Settings(); s.Upstream.Port() != 7 || s.Network.Up != (lossy.Profile{}) {
		t.Errorf("another upstream left %+v", s)
	}
	was := f.Proxy("a").Addr()
	populate(`[{"name":"a","upstream":"127.0.0.1:7","listen":"[::1]:0"}]`)
	if f.Proxy("a").Addr() == was {
		t.Error("another listen address did not move the proxy")
	}
}

// ProxyReportText reads what of a report is plain text.
type ProxyReportText struct {
	Name, Listen, Upstream string
	Enabled                bool
}

// A proxy that is to listen elsewhere is opened there with the settings it had;
// if it cannot be, it stays where it was.
func TestPatchListen(t *testing.T) {
	f := testFleet(t)
	h := NewHandler(f, anyone)
	if status, body := send(t, h, "POST", "/proxies", `{"name":"a","upstream":":9","seed":5,"loss":"5%","nat-timeout":"1s","enabled":false}`); status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	a := f.Proxy("a")
	for _, same := range []string{a.Addr().String(), "127.0.0.1:0", ":0"} {
		status, body := send(t, h, "PATCH", "/proxies/a", `{"listen":"`+same+`"}`)
		if status != 200 || f.Proxy("a") != a {
			t.Errorf("%s: %d %s moved it", same, status, body)
		}
	}
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	was := shown(t, h, "a")
	status, body := send(t, h, "PATCH", "/proxies/a", `{"listen":"`+taken.LocalAddr().String()+`","loss":"6%"}`)
	if status != 409 || !strings.Contains(body, "listen "+taken.LocalAddr().String()) || f.Proxy("a") != a || shown(t, h, "a") != was {
		t.Errorf("an address that is taken: %d %s", status, body)
	}
	status, body = send(t, h, "PATCH", "/proxies/a", `{"listen":"[::1]:0","loss":"7%"}`)
	moved := f.Proxy("a")
	if status != 200 || moved == a || !strings.HasPrefix(moved.Addr().String(), "[::1]:") {
		t.Fatalf("%d %s", status, body)
	}
	want := a.Settings()
	want.Network.Up.Loss, want.Network.Down.Loss = 0.07, 0.07
	if got, want := (state{Settings: moved.Settings()}), (state{Settings: want}); !got.equal(&want) {
		t.Errorf("moved with %+v, want %+v", got, want)
	}
}

func TestReset(t *testing.T) {
	f := testFleet(t)
	h := NewHandler(f, anyone)
	if status, body := send(t, h, "PUT", "/proxies", `[{"name":"a","upstream":":9","enabled":false,"loss":"5%"},{"name":"b","upstream":":9"}]`); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	if err := f.Proxy("b").Blackout(time.Hour, lossy.Up, lossy.Down); err != nil {
		t.Fatal(err)
	}
	if status, body := send(t, h, "POST", "/reset", ""); status != 204 || body != "" {
		t.Errorf("%d %q, want 204 and nothing", status, body)
	}
	a, b := f.Proxy("a").Settings(), f.Proxy("b").Settings()
	if !a.Enabled || a.Network.Up.Loss != 0.05 || b.Dark != [2]time.Duration{} {
		t.Errorf("after a reset %+v and %+v", a, b)
	}
}
