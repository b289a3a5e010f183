package toxiproxy

import (
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// create makes a proxy of an echo, through the client.
func create(t *testing.T, c *toxiproxy.Client, name string) *toxiproxy.Proxy {
	t.Helper()
	p, err := c.CreateProxy(name, "127.0.0.1:0", echo(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCreateAndFind(t *testing.T) {
	c, fleet, _ := serve(t)
	p := create(t, c, "echo")
	if at := fleet.Proxy("echo").Addr().String(); p.Listen != at || !p.Enabled || len(p.ActiveToxics) != 0 {
		t.Errorf("created %+v, want it enabled on %s", p, at)
	}
	dial(t, p.Listen).ask("hello")
	found, err := c.Proxy("echo")
	if err != nil || found.Listen != p.Listen || found.Upstream != p.Upstream || found.Name != "echo" {
		t.Errorf("found %+v, %v", found, err)
	}
	all, err := c.Proxies()
	if err != nil || len(all) != 1 || all["echo"].Listen != p.Listen {
		t.Errorf("listed %+v, %v", all, err)
	}
	if err := p.Delete(); err != nil {
		t.Error(err)
	}
	if all, err := c.Proxies(); err != nil || len(all) != 0 {
		t.Errorf("listed %+v, %v after a delete", all, err)
	}
	fresh := c.NewProxy()
	fresh.Name, fresh.Upstream, fresh.Enabled = "fresh", p.Upstream, true
	if err := fresh.Save(); err == nil {
		t.Error("a listen address of nothing was taken for one")
	}
	fresh.Listen = "localhost:0"
	if err := fresh.Save(); err != nil || !strings.HasPrefix(fresh.Listen, "127.0.0.1:") {
		t.Errorf("saved as %+v, %v", fresh, err)
	}
	dial(t, fresh.Listen).ask("hello")
}

// A latency toxic of the client is felt on the way it is for, and gone when it is
// removed.
func TestToxicIsFelt(t *testing.T) {
	c, fleet, _ := serve(t)
	p := create(t, c, "echo")
	talk := dial(t, p.Listen)
	talk.ask("first")
	toxic, err := p.AddToxic("slow", "latency", "upstream", 1, toxiproxy.Attributes{"latency": 30})
	want := &toxiproxy.Toxic{Name: "slow", Type: "latency", Stream: "upstream", Toxicity: 1,
		Attributes: toxiproxy.Attributes{"latency": 30.0, "jitter": 0.0}}
	if err != nil || !reflect.DeepEqual(toxic, want) {
		t.Fatalf("added %+v, %v, want %+v", toxic, err, want)
	}
	if took := talk.ask("slowed"); took < 30*time.Millisecond {
		t.Errorf("a round trip of %v, want at least the latency", took)
	}
	toxic, err = p.UpdateToxic("slow", -1, toxiproxy.Attributes{"latency": 60, "jitter": 5})
	if err != nil || toxic.Attributes["latency"] != 60.0 || toxic.Toxicity != 1 {
		t.Errorf("updated %+v, %v", toxic, err)
	}
	if took := talk.ask("slower"); took < 55*time.Millisecond {
		t.Errorf("a round trip of %v, want at least the latency less its jitter", took)
	}
	if _, err = p.AddToxic("", "bandwidth", "", -1, toxiproxy.Attributes{"rate": 1000}); err != nil {
		t.Error(err)
	}
	toxics, err := p.Toxics()
	if err != nil || len(toxics) != 2 || toxics[0].Name != "slow" || toxics[1].Name != "bandwidth_downstream" {
		t.Errorf("toxics %+v, %v", toxics, err)
	}
	if got, want := fleet.Proxy("echo").Config(), (lossy.Profile{Rate: 8e6}); got.Down != want || got.Up.Delay != 60*time.Millisecond {
		t.Errorf("in force: %+v", got)
	}
	if err := p.RemoveToxic("slow"); err != nil {
		t.Error(err)
	}
	if got := fleet.Proxy("echo").Config().Up; got != (lossy.Profile{}) {
		t.Errorf("%v is left behind", got)
	}
	talk.ask("last")
}

// Our own types take text, in the words of the flags, and answer with it.
func TestOwnTypes(t *testing.T) {
	c, fleet, _ := serve(t)
	p := create(t, c, "echo")
	attributes := toxiproxy.Attributes{"rate": "1mbit", "queue": "50packets", "ecn": true}
	toxic, err := p.AddToxic("link", "bottleneck", "upstream", 1, attributes)
	if err != nil || !reflect.DeepEqual(toxic.Attributes, attributes) {
		t.Fatalf("added %+v, %v", toxic, err)
	}
	if got, want := fleet.Proxy("echo").Config().Up, (lossy.Profile{Rate: 1e6, QueuePackets: 50, ECN: true}); got != want {
		t.Errorf("in force: %v, want %v", got, want)
	}
	toxic, err = p.UpdateToxic("link", 1, toxiproxy.Attributes{"rate": "2mbit"})
	attributes["rate"] = "2mbit"
	if err != nil || !reflect.DeepEqual(toxic.Attributes, attributes) {
		t.Errorf("updated %+v, %v", toxic, err)
	}
	// A share of the flows: in float32, which is what the client has.
	toxic, err = p.AddToxic("some", "loss", "", 0.3, toxiproxy.Attributes{"loss": "5%", "burst": 4})
	if err != nil || toxic.Toxicity != 0.3 {
		t.Errorf("added %+v, %v", toxic, err)
	}
	if all, err := c.Proxies(); err != nil || len(all["echo"].ActiveToxics) != 2 {
		t.Errorf("listed %+v, %v", all["echo"], err)
	}
}

// What the client loses is lost, of each direction what it says.
func TestLossIsFelt(t *testing.T) {
	c, fleet, _ := serve(t)
	p := create(t, c, "echo")
	if _, err := c.AddToxic(&toxiproxy.ToxicOptions{
		ProxyName: "echo", ToxicType: "packet_loss", Stream: "upstream", Toxicity: 1, Attributes: toxiproxy.Attributes{"loss_rate": 0.5},
	}); err != nil {
		t.Fatal(err)
	}
	talk := dial(t, p.Listen)
	const sent = 400
	for i := range uint64(sent) {
		talk.send("x")
		wait(t, "the proxy to read it", func() bool { return fleet.Proxy("echo").Stats().Up.PacketsReceived == i+1 })
	}
	lost := fleet.Proxy("echo").Stats().Up.Link.Dropped[lossy.CauseLoss]
	if lost < 140 || lost > 260 { // 6 sigma
		t.Errorf("%d of %d lost, want some half", lost, sent)
	}
	if _, err := c.UpdateToxic(&toxiproxy.ToxicOptions{
		ProxyName: "echo", ToxicName: "packet_loss_upstream", Toxicity: 1, Attributes: toxiproxy.Attributes{"loss_rate": 0},
	}); err != nil {
		t.Error(err)
	}
	if err := c.RemoveToxic(&toxiproxy.ToxicOptions{ProxyName: "echo", ToxicName: "packet_loss_upstream"}); err != nil {
		t.Error(err)
	}
	// Disabled, nothing passes.
	if err := p.Disable(); err != nil || p.Enabled {
		t.Errorf("disable: %v", err)
	}
	talk.send("dark")
	wait(t, "a drop", func() bool { return fleet.Proxy("echo").Stats().Up.Link.Dropped[lossy.CauseBlackout] == 1 })
}

func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// Whoever holds a proxy since before a toxic came enables and disables it without
// taking the toxic away.
func TestSaveKeepsToxics(t *testing.T) {
	c, fleet, _ := serve(t)
	old := create(t, c, "echo")
	if _, err := old.AddToxic("", "latency", "", 1, toxiproxy.Attributes{"latency": 7}); err != nil {
		t.Fatal(err)
	}
	if err := old.Disable(); err != nil || fleet.Proxy("echo").Enabled() {
		t.Errorf("disable: %v", err)
	}
	if err := old.Enable(); err != nil || !fleet.Proxy("echo").Enabled() {
		t.Errorf("enable: %v", err)
	}
	if got := fleet.Proxy("echo").Config().Down.Delay; got != 7*time.Millisecond {
		t.Errorf("a delay of %v, want the toxic's", got)
	}
	if len(old.ActiveToxics) != 1 {
		t.Errorf("the answer has toxics %v, want the one", old.ActiveToxics)
	}
	// To another service, and then from another address.
	old.Upstream = echo(t)
	before := fleet.Proxy("echo")
	if err := old.Save(); err != nil || fleet.Proxy("echo") != before || before.Upstream().String() != old.Upstream {
		t.Errorf("another upstream: %v", err)
	}
	old.Listen = "[::1]:0"
	if err := old.Save(); err != nil || !strings.HasPrefix(old.Listen, "[::1]:") || old.Listen != fleet.Proxy("echo").Addr().String() {
		t.Errorf("another listen address: %+v, %v", old, err)
	}
	dial(t, old.Listen).ask("moved")
}

func TestPopulateAndReset(t *testing.T) {
	c, fleet, _ := serve(t)
	service := echo(t)
	specs := []toxiproxy.Proxy{
		{Name: "one", Listen: "127.0.0.1:0", Upstream: service, Enabled: true},
		{Name: "two", Listen: "127.0.0.1:0", Upstream: service},
		{Name: "three", Listen: "127.0.0.1:0", Upstream: service, Enabled: true, ActiveToxics: toxiproxy.Toxics{
			{Type: "latency", Stream: "upstream", Toxicity: 1, Attributes: toxiproxy.Attributes{"latency": 5}}}},
	}
	made, err := c.Populate(specs)
	if err != nil || len(made) != 3 || made[1].Enabled || len(made[2].ActiveToxics) != 1 {
		t.Fatalf("made %+v, %v", made, err)
	}
	one, three := fleet.Proxy("one"), fleet.Proxy("three")
	if _, err := made[0].AddToxic("", "timeout", "downstream", 1, nil); err != nil {
		t.Fatal(err)
	}
	if again, err := c.Populate(specs[:2]); err != nil || len(again) != 2 || fleet.Proxy("one") != one || len(again[0].ActiveToxics) != 1 {
		t.Errorf("again: %+v, %v, want what there was", again, err)
	}
	if err := c.ResetState(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two", "three"} {
		if p := fleet.Proxy(name); !p.Enabled() || p.Config().Up != (lossy.Profile{}) || p.Config().Down != (lossy.Profile{}) {
			t.Errorf("%s after a reset: %+v", name, p.Settings())
		}
	}
	if fleet.Proxy("three") != three {
		t.Error("a reset opened a proxy anew")
	}
}

// Errors as the client sees them.
func TestErrors(t *testing.T) {
	c, fleet, _ := serve(t)
	p := create(t, c, "echo")
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	settings := fleet.Proxy("echo").Settings()
	add := func(kind, stream string, toxicity float32, attributes toxiproxy.Attributes) error {
		_, err := p.AddToxic("", kind, stream, toxicity, attributes)
		return err
	}
	second := func(_ any, err error) error { return err }
	for _, c := range []struct {
		what string
		err  error
		want string
	}{
		{"a name twice", second(c.CreateProxy("echo", "127.0.0.1:0", p.Upstream)), `Create: HTTP 409: proxy already exists: "echo"`},
		{"no name", second(c.CreateProxy("", "127.0.0.1:0", p.Upstream)), `Create: HTTP 400: field "name": is empty`},
		{"no upstream", second(c.CreateProxy("x", "127.0.0.1:0", "")), `Create: HTTP 400: field "upstream": missing port in address`},
		{"an address that is taken", second(c.CreateProxy("x", taken.LocalAddr().String(), p.Upstream)), "Create: HTTP 409: proxy: listen " + taken.LocalAddr().String()},
		{"no such proxy", second(c.Proxy("nobody")), `Proxy: HTTP 404: proxy not found: "nobody"`},
		{"no such toxic", p.RemoveToxic("nothing"), `RemoveToxic: HTTP 404: toxic not found: "nothing"`},
		{"no such toxic", second(p.UpdateToxic("nothing", 1, nil)), `UpdateToxic: HTTP 404: toxic not found: "nothing"`},
		{"an attribute that is mistyped", add("latency", "", 1, toxiproxy.Attributes{"latancy": 5}), `AddToxic: HTTP 400: field "attributes.latancy": unknown attribute`},
		{"no such type", add("magic", "", 1, nil), `AddToxic: HTTP 400: field "type": invalid toxic type "magic"`},
		{"no such stream", add("latency", "up", 1, nil), `AddToxic: HTTP 400: field "stream": stream was invalid, can be either upstream or downstream`},
		{"too toxic", add("latency", "", 2, nil), `AddToxic: HTTP 400: field "toxicity": 2: want a number from 0 to 1`},
		{"of streams", add("slicer", "", 1, toxiproxy.Attributes{"average_size": 10}), `AddToxic: HTTP 400: field "type": invalid toxic type for datagrams: slicer cuts a stream`},
		{"of streams", add("limit_data", "", 1, toxiproxy.Attributes{"bytes": 10}), `AddToxic: HTTP 400: field "type": invalid toxic type for datagrams: limit_data closes a connection`},
		{"of streams", add("slow_close", "", 1, toxiproxy.Attributes{"delay": 10}), `AddToxic: HTTP 400: field "type": invalid toxic type for datagrams: slow_close delays`},
		{"of streams", add("reset_peer", "", 1, toxiproxy.Attributes{"timeout": 10}), `AddToxic: HTTP 400: field "type": invalid toxic type for datagrams: reset_peer resets`},
		{"of streams", add("timeout", "", 1, toxiproxy.Attributes{"timeout": 10}), `AddToxic: HTTP 400: field "attributes.timeout": 10: closes a connection`},
		{"one of two", second(c.Populate([]toxiproxy.Proxy{{Name: "y", Listen: "127.0.0.1:0", Upstream: p.Upstream}, {Name: "z", Listen: "nowhere", Upstream: p.Upstream}})),
			`Populate: HTTP 400: field "proxies.1.listen"`},
	} {
		if c.err == nil || !strings.HasPrefix(c.err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.what, c.err, c.want)
		}
	}
	if err := p.Delete(); err != nil {
		t.Error(err)
	}
	if err := p.Delete(); err == nil || err.Error() != `Delete: HTTP 404: proxy not found: "echo"` {
		t.Errorf("deleted twice: %v", err)
	}
	if names := fleet.Names(); len(names) != 0 {
		t.Errorf("proxies %v are there that were refused", names)
	}
	if len(settings.Overlays) != 0 {
		t.Error("there were toxics before any was added")
	}
}

// The proxies that the program itself made are the client's, too.
func TestProxiesOfTheProgram(t *testing.T) {
	c, fleet, _ := serve(t)
	if _, err := fleet.Add("default", proxy.Config{Listen: "127.0.0.1:0", Upstream: echo(t), Config: lossy.Config{Up: lossy.Profile{Loss: 0.25}}}); err != nil {
		t.Fatal(err)
	}
	p, err := c.Proxy("default")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Disable(); err != nil {
		t.Error(err)
	}
	if s := fleet.Proxy("default").Settings(); s.Enabled || s.Network.Up.Loss != 0.25 {
		t.Errorf("disabled as %+v", s)
	}
	if err := fleet.Remove("default"); err != nil {
		t.Error(err)
	}
	if err := p.Enable(); err == nil || !strings.Contains(err.Error(), "HTTP 404") {
		t.Errorf("enabled what is gone: %v", err)
	}
}
