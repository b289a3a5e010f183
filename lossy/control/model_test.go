package control

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"udplab/lossy"
	"udplab/lossy/control/access"
)

// modelProxy and modelToxic are what a plain reading of the package doc makes of
// the calls of TestFleetIsItsModel. Values are as GET shows them.
type modelProxy struct {
	upstream         string
	enabled          bool
	seed             int
	upLoss, downLoss string
	upDelay          string
	toxics           []modelToxic // in order of appearance
}

type modelToxic struct {
	name, kind, stream string
	toxicity           float64
	value              float64 // of the attribute that the kind has
}

// modelKinds are the types that the model knows, with their attribute and the
// settings that they take.
var modelKinds = map[string]struct {
	attribute string
	takes     []string
}{
	"latency":     {"latency", []string{"delay", "jitter", "delay-distribution"}},
	"packet_loss": {"loss_rate", []string{"loss", "burst", "loss-model"}},
	"mtu":         {"mtu", []string{"mtu"}},
}

func (a modelToxic) conflicts(b modelToxic) bool { return a.stream == b.stream && a.kind == b.kind }

// state is what GET must show of a proxy.
func (p *modelProxy) state() map[string]any {
	toxics := []any{}
	for _, stream := range []string{"upstream", "downstream"} {
		for _, t := range p.toxics {
			if t.stream != stream {
				continue
			}
			attributes := map[string]any{modelKinds[t.kind].attribute: t.value}
			switch t.kind {
			case "latency":
				attributes["jitter"] = 0.0
			case "packet_loss":
				attributes["correlation"] = 0.0
			}
			toxics = append(toxics, map[string]any{"name": t.name, "type": t.kind, "stream": t.stream, "toxicity": t.toxicity, "attributes": attributes})
		}
	}
	return map[string]any{
		"upstream": p.upstream, "enabled": p.enabled, "seed": float64(p.seed), "upLoss": p.upLoss, "downLoss": p.downLoss, "upDelay": p.upDelay, "toxics": toxics,
	}
}

// network is what the proxy must have in force for all flows.
func (p *modelProxy) network(t *rapid.T) (c lossy.Config) {
	c.Seed = uint64(p.seed)
	c.Up.Loss, c.Down.Loss = mustProbability(t, p.upLoss), mustProbability(t, p.downLoss)
	delay, err := time.ParseDuration(p.upDelay)
	if err != nil {
		t.Fatal(err)
	}
	c.Up.Delay = delay
	for _, toxic := range p.toxics {
		if toxic.toxicity != 1 {
			continue
		}
		at := &c.Down
		if toxic.stream == "upstream" {
			at = &c.Up
		}
		switch toxic.kind {
		case "latency":
			at.Delay = time.Duration(toxic.value) * time.Millisecond
		case "packet_loss":
			at.Loss = toxic.value
		case "mtu":
			at.MTU = int(toxic.value)
		}
	}
	return c
}

func mustProbability(t *rapid.T, s string) float64 {
	v, err := lossy.ParseProbability(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// model is a fleet and what it should be.
type model struct {
	t       *rapid.T
	api     http.Handler
	fleet   *Fleet
	proxies map[string]*modelProxy
}

var (
	modelNames     = rapid.SampledFrom([]string{"a", "b", "c"})
	modelUpstreams = rapid.SampledFrom([]string{"127.0.0.1:9", "127.0.0.1:7"})
	modelLosses    = rapid.SampledFrom([]string{"0%", "5%", "50%"})
	modelDelays    = rapid.SampledFrom([]string{"0s", "5ms", "1s"})
	modelStreams   = rapid.SampledFrom([]string{"upstream", "downstream"})
	// Each of these is wrong, whatever stands beside it.
	modelFaults = rapid.SampledFrom([]string{
		`"los":"1%"`, `"loss":"101%"`, `"up":{"delay":"1"}`, `"enabled":"on"`, `"seed":-1`, `"protocol":"tcp"`, `"jitter":"2h"`,
		`"toxics":[{"type":"slicer"}]`, `"toxics":[{"type":"latency","attributes":{"latancy":1}}]`, `"toxics":{}`,
	})
)

// call makes a call, of which the status must be the one that is wanted.
func (m *model) call(method, path, body string, want int) {
	m.t.Helper()
	w := request{method: method, path: path, body: body, header: asJSON}.do(m.t, m.api)
	if w.Code != want {
		m.t.Fatalf("%s %s %s: %d %s, want %d", method, path, body, w.Code, w.Body, want)
	}
	m.t.Logf("%s %s %s: %d", method, path, body, w.Code)
}

// draw is a proxy and the document that describes it wholly.
func (m *model) draw(name string) (*modelProxy, string) {
	p := &modelProxy{
		upstream: modelUpstreams.Draw(m.t, "upstream"), enabled: rapid.Bool().Draw(m.t, "enabled"), seed: rapid.IntRange(0, 3).Draw(m.t, "seed"),
		upLoss: modelLosses.Draw(m.t, "up.loss"), downLoss: modelLosses.Draw(m.t, "down.loss"), upDelay: modelDelays.Draw(m.t, "up.delay"),
	}
	var toxics []string
	for _, kind := range []string{"latency", "mtu"} {
		if rapid.Bool().Draw(m.t, kind) {
			t := m.drawToxic(kind+"-of-old", kind)
			p.toxics = append(p.toxics, t)
			toxics = append(toxics, t.document())
		}
	}
	return p, fmt.Sprintf(`{"name":%q,"upstream":%q,"enabled":%v,"seed":%d,"up":{"loss":%q,"delay":%q},"loss":%q,"toxics":[%s]}`,
		name, p.upstream, p.enabled, p.seed, p.upLoss, p.upDelay, p.downLoss, strings.Join(toxics, ","))
}

func (m *model) drawToxic(name, kind string) modelToxic {
	t := modelToxic{name: name, kind: kind, stream: modelStreams.Draw(m.t, "stream"), toxicity: rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(m.t, "toxicity")}
	t.value = t.drawValue(m.t)
	return t
}

func (a modelToxic) drawValue(t *rapid.T) float64 {
	if a.kind == "packet_loss" {
		return rapid.SampledFrom([]float64{0, 0.25, 1}).Draw(t, "loss_rate")
	}
	return float64(rapid.IntRange(1, 50).Draw(t, "value"))
}

func (a modelToxic) document() string {
	return fmt.Sprintf(`{"name":%q,"type":%q,"stream":%q,"toxicity":%v,"attributes":{%q:%v}}`,
		a.name, a.kind, a.stream, a.toxicity, modelKinds[a.kind].attribute, a.value)
}

func (m *model) create(*rapid.T) {
	name := modelNames.Draw(m.t, "name")
	p, document := m.draw(name)
	if m.proxies[name] != nil {
		m.call("POST", "/proxies", document, 409)
		return
	}
	m.call("POST", "/proxies", document, 201)
	m.proxies[name] = p
}

func (m *model) remove(*rapid.T) {
	name := modelNames.Draw(m.t, "name")
	if m.proxies[name] == nil {
		m.call("DELETE", "/proxies/"+name, "", 404)
		return
	}
	m.call("DELETE", "/proxies/"+name, "", 204)
	delete(m.proxies, name)
}

func (m *model) patch(*rapid.T) {
	name := modelNames.Draw(m.t, "name")
	on, delay := rapid.Bool().Draw(m.t, "enabled"), modelDelays.Draw(m.t, "up.delay")
	document := fmt.Sprintf(`{"enabled":%v,"up":{"delay":%q}}`, on, delay)
	p := m.proxies[name]
	if p == nil {
		m.call("PATCH", "/proxies/"+name, document, 404)
		return
	}
	m.call("PATCH", "/proxies/"+name, document, 200)
	p.enabled, p.upDelay = on, delay
}

// fault sends what is wrong, in every place that a proxy has.
func (m *model) fault(*rapid.T) {
	name := modelNames.Draw(m.t, "name")
	fault := modelFaults.Draw(m.t, "fault")
	whole := fmt.Sprintf(`{"name":%q,"upstream":":9",%s}`, name, fault)
	good := `{"name":"new","upstream":":9"}`
	m.call("POST", "/proxies", whole, 400)
	m.call("POST", "/populate", "["+good+","+whole+"]", 400)
	m.call("PUT", "/proxies", "["+good+","+whole+"]", 400)
	if m.proxies[name] != nil {
		m.call("PATCH", "/proxies/"+name, `{"down":{"loss":"7%","delay":"7ms"},`+fault+`}`, 400)
	}
}

func (m *model) addToxic(*rapid.T) {
	name := modelNames.Draw(m.t, "name")
	t := m.drawToxic(rapid.SampledFrom([]string{"x", "y", "z"}).Draw(m.t, "toxic"), rapid.SampledFrom(slices.Sorted(maps.Keys(modelKinds))).Draw(m.t, "type"))
	p := m.proxies[name]
	want := 200
	switch {
	case p == nil:
		want = 404
	case slices.ContainsFunc(p.toxics, func(o modelToxic) bool { return o.name == t.name || o.conflicts(t) }):
		want = 409
	default:
		p.toxics = append(p.toxics, t)
	}
	m.call("POST", "/proxies/"+name+"/toxics", t.document(), want)
}

func (m *model) changeToxic(*rapid.T) {
	name := modelNames.Draw(m.t, "name")
	toxic := rapid.SampledFrom([]string{"x", "y", "mtu-of-old"}).Draw(m.t, "toxic")
	path := "/proxies/" + name + "/toxics/" + toxic
	p := m.proxies[name]
	i := -1
	if p != nil {
		i = slices.IndexFunc(p.toxics, func(o modelToxic) bool { return o.name == toxic })
	}
	switch {
	case i < 0 && rapid.Bool().Draw(m.t, "remove"):
		m.call("DELETE", path, "", 404)
	case i < 0:
		m.call("PATCH", path, `{"toxicity":1}`, 404)
	case rapid.Bool().Draw(m.t, "remove"):
		m.call("DELETE", path, "", 204)
		p.toxics = slices.Delete(slices.Clone(p.toxics), i, i+1)
	default:
		t := p.toxics[i]
		t.value, t.toxicity = t.drawValue(m.t), rapid.SampledFrom([]float64{0, 1}).Draw(m.t, "toxicity")
		m.call("PATCH", path, fmt.Sprintf(`{"toxicity":%v,"attributes":{%q:%v}}`, t.toxicity, modelKinds[t.kind].attribute, t.value), 200)
		p.toxics = slices.Clone(p.toxics)
		p.toxics[i] = t
	}
}

// settle sends the whole state, or some of it to be added.
func (m *model) settle(*rapid.T) {
	var documents []string
	next := make(map[string]*modelProxy)
	for _, name := range []string{"a", "b", "c"} {
		if rapid.Bool().Draw(m.t, "with "+name) {
			p, document := m.draw(name)
			next[name] = p
			documents = append(documents, document)
		}
	}
	state := "[" + strings.Join(documents, ",") + "]"
	if rapid.Bool().Draw(m.t, "only these") {
		m.call("PUT", "/proxies", state, 200)
		m.proxies = next
		return
	}
	m.call("POST", "/populate", state, 201)
	maps.Copy(m.proxies, next)
}

func (m *model) reset(*rapid.T) {
	m.call("POST", "/reset", "", 204)
	for _, p := range m.proxies {
		p.enabled, p.toxics = true, nil
	}
}

// check is that GET shows the model and nothing else, and that it is in force.
func (m *model) check(*rapid.T) {
	w := request{method: "GET", path: "/proxies"}.do(m.t, m.api)
	var shown map[string]struct {
		Name, Listen, Upstream string
		Enabled                bool
		Seed                   int
		Up, Down               map[string]any
		Toxics                 []any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &shown); err != nil || w.Code != 200 {
		m.t.Fatalf("%v: %s", err, w.Body)
	}
	got, want := make(map[string]any), make(map[string]any)
	for name, s := range shown {
		got[name] = map[string]any{
			"upstream": s.Upstream, "enabled": s.Enabled, "seed": float64(s.Seed),
			"upLoss": s.Up["loss"], "downLoss": s.Down["loss"], "upDelay": s.Up["delay"], "toxics": s.Toxics,
		}
	}
	for name, p := range m.proxies {
		want[name] = p.state()
	}
	if !reflect.DeepEqual(got, want) {
		m.t.Fatalf("GET shows\n%v, want\n%v", got, want)
	}
	for name, p := range m.proxies {
		s := m.fleet.Proxy(name).Settings()
		if network := p.network(m.t); s.Network != network || s.Enabled != p.enabled || len(s.Overlays) != len(p.toxics) {
			m.t.Fatalf("%s has %+v in force, want %+v", name, s, network)
		}
		if at := m.fleet.Proxy(name).Addr().String(); at != shown[name].Listen {
			m.t.Fatalf("%s listens on %s and shows %s", name, at, shown[name].Listen)
		}
	}
}

// Whatever is called in whatever order, GET shows what the calls amount to, and a
// call that is refused has changed nothing.
func TestFleetIsItsModel(t *testing.T) {
	fewerChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{t: rt, fleet: NewFleet(nil), proxies: make(map[string]*modelProxy)}
		defer m.fleet.Close()
		m.api = NewHandler(m.fleet, access.Rules{})
		rt.Repeat(map[string]func(*rapid.T){
			"create": m.create, "remove": m.remove, "patch": m.patch, "fault": m.fault,
			"add toxic": m.addToxic, "change toxic": m.changeToxic, "settle": m.settle, "reset": m.reset, "": m.check,
		})
	})
}

// fewerChecks is for properties whose cases open sockets, unless somebody says how
// many: -rapid.checks.
func fewerChecks(t *testing.T) {
	checks := flag.Lookup("rapid.checks")
	if checks.Value.String() != checks.DefValue {
		return
	}
	few := "40"
	if raceEnabled {
		few = "10"
	}
	if err := flag.Set(checks.Name, few); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set(checks.Name, checks.DefValue) })
}
