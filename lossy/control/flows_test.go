package control

import (
	"encoding/json"
	"net"
	"net/netip"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// The flows of a proxy are shown with their clients, counts, drops and overlays,
// as many as asked for.
func TestFlowsAreShown(t *testing.T) {
	ann, err := lossy.NamedFlow("ann")
	if err != nil {
		t.Fatal(err)
	}
	var clients []*net.UDPConn
	for range 3 {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		clients = append(clients, c)
	}
	at := func(c *net.UDPConn) netip.AddrPort { return c.LocalAddr().(*net.UDPAddr).AddrPort() }
	f := testFleet(t)
	h := NewHandler(f, anyone)
	p, err := f.Add("dns", proxy.Config{
		Listen: "127.0.0.1:0", Upstream: "127.0.0.1:9",
		Config:   lossy.Config{Up: lossy.Profile{MTU: 4}},
		Overlays: []proxy.Overlay{{Name: "all", Share: 1, Apply: func(c *lossy.Config) error { c.Up.Delay = time.Hour; return nil }}},
		Flows:    map[netip.AddrPort]lossy.FlowKey{at(clients[2]): ann},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range clients {
		for _, text := range []string{"ping", "too long"} {
			if _, err := c.WriteToUDPAddrPort([]byte(text), p.Addr()); err != nil {
				t.Fatal(err)
			}
		}
		for end := time.Now().Add(20 * time.Second); p.Stats().Up.PacketsReceived != uint64(2*i+2); {
			if time.Now().After(end) {
				t.Fatal("the datagrams never came")
			}
		}
	}
	show := func(query string) (r FlowsReport) {
		t.Helper()
		w := request{method: "GET", path: "/proxies/dns/flows" + query}.do(t, h)
		if err := json.Unmarshal(w.Body.Bytes(), &r); w.Code != 200 || err != nil || r.Schema != "udplab/proxy-flows/v1" || r.Name != "dns" || r.Total != 3 {
			t.Fatalf("%s: %d %s, %v", query, w.Code, w.Body, err)
		}
		return r
	}
	all := show("").Flows
	if len(all) != 3 {
		t.Fatalf("%d flows, want 3", len(all))
	}
	for i, want := range []any{"ann", 1.0, 0.0} {
		got := all[i]
		if got.Flow != want || got.Client != at(clients[2-i]).String() || got.Port == 0 || got.Rebound != 0 || got.Age < got.Idle || got.Idle < 0 {
			t.Errorf("flow %d: %+v, want %v of %v", i, got, want, at(clients[2-i]))
		}
		if len(got.Overlays) != 1 || got.Overlays[0] != "all" {
			t.Errorf("flow %d has %q", i, got.Overlays)
		}
		u := got.Up
		if u.PacketsIn != 2 || u.BytesIn != 12 || u.PacketsOut != 0 || u.BytesOut != 0 || u.InFlight != 1 || len(u.Dropped) != 1 || u.Dropped["mtu"] != 1 {
			t.Errorf("flow %d up: %+v", i, u)
		}
		if d := got.Down; d.PacketsIn != 0 || d.Dropped == nil || len(d.Dropped) != 0 {
			t.Errorf("flow %d down: %+v", i, d)
		}
	}
	if got := show("?limit=1").Flows; len(got) != 1 || got[0].Flow != "ann" {
		t.Errorf("limit 1: %+v", got)
	}
	if got := show("?limit=0").Flows; got == nil || len(got) != 0 {
		t.Errorf("limit 0: %+v", got)
	}
}
