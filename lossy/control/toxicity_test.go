package control

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
)

// A toxicity is a share of the flows, drawn from the seed, the flow and the name
// of the toxic: a flow that has it has it wholly, and the same flows have it again.
func TestToxicityIsOfFlows(t *testing.T) {
	const flows, each = 24, 3
	chosen := func(seed uint64) (hit string) {
		f := testFleet(t)
		h := NewHandler(f, anyone)
		status, body := send(t, h, "POST", "/proxies", fmt.Sprintf(`{"name":"p","upstream":":9","seed":%d,
			"toxics":[{"type":"timeout","name":"gone","stream":"upstream","toxicity":0.5},{"type":"timeout","name":"never","stream":"downstream","toxicity":0}]}`, seed))
		if status != 201 {
			t.Fatalf("%d %s", status, body)
		}
		p := f.Proxy("p")
		dropped := uint64(0)
		for i := range flows {
			c, err := net.Dial("udp", p.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			for range each {
				if _, err := c.Write([]byte("x")); err != nil {
					t.Fatal(err)
				}
			}
			c.Close()
			for end := time.Now().Add(20 * time.Second); p.Stats().Up.PacketsReceived < uint64(each*(i+1)); {
				if time.Now().After(end) {
					t.Fatal("datagrams never came up in the stats")
				}
			}
			switch now := p.Stats().Up.Link.Dropped[lossy.CauseBlackout] - dropped; now {
			case 0:
				hit += "."
			case each:
				hit += "x"
			default:
				t.Errorf("flow %d lost %d of %d, want none or all", i, now, each)
			}
			dropped = p.Stats().Up.Link.Dropped[lossy.CauseBlackout]
		}
		return hit
	}
	first := chosen(7)
	if n := strings.Count(first, "x"); n < 4 || n > flows-4 {
		t.Errorf("%d of %d flows have it: %s, want some half", n, flows, first)
	}
	var want string
	for i := range uint64(flows) {
		want += map[bool]string{true: "x", false: "."}[lossy.FlowChosen(7, lossy.FlowKey{Number: i}, "gone", 0.5)]
	}
	if first != want {
		t.Errorf("hit %s, want %s as the seed has it", first, want)
	}
	if other := chosen(8); other == first {
		t.Errorf("another seed hit the same flows: %s", other)
	}
}

// Of toxics that some flows may have together every combination must be valid.
func TestToxicsOfSomeFlows(t *testing.T) {
	h, f := toxicAPI(t)
	add := func(body string) (int, string) { return send(t, h, "POST", "/proxies/p/toxics", body) }
	if status, body := add(`{"type":"delay","name":"slow","toxicity":0.5,"attributes":{"delay":"5ms"}}`); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	before := shown(t, h, "p")
	if status, body := add(`{"type":"delay","name":"shaky","toxicity":0.5,"attributes":{"jitter":"5ms"}}`); status != 400 || !strings.Contains(body, "shaky") {
		t.Errorf("jitter for flows that may have no delay: %d %s", status, body)
	}
	if status, body := send(t, h, "POST", "/proxies", `{"name":"q","upstream":":9","toxics":[
		{"type":"delay","name":"slow","toxicity":0.5,"attributes":{"delay":"5ms"}},
		{"type":"delay","name":"shaky","toxicity":0.5,"attributes":{"jitter":"5ms"}}]}`); status != 400 || !strings.Contains(body, "shaky") {
		t.Errorf("the same in a whole proxy: %d %s", status, body)
	}
	if after := shown(t, h, "p"); after != before || len(f.Names()) != 1 {
		t.Errorf("a refused toxic changed the proxy: %s", after)
	}
	for i, kind := range []string{`"mtu","attributes":{"mtu":9}`, `"loss","attributes":{"loss":"1%"}`, `"duplicate","attributes":{"duplicate":"1%"}`,
		`"corrupt","attributes":{"corrupt":"1%"}`, `"timeout"`, `"drop","attributes":{"drop":"size>9"}`, `"bandwidth"`} {
		if status, body := add(fmt.Sprintf(`{"toxicity":0.1,"name":"t%d","type":%s}`, i, kind)); status != 200 {
			t.Errorf("%s: %d %s", kind, status, body)
		}
	}
	if status, body := add(`{"type":"loss","name":"ninth","stream":"upstream","toxicity":0.1,"attributes":{"loss":"1%"}}`); status != 400 || !strings.Contains(body, "at most 8") {
		t.Errorf("a ninth: %d %s", status, body)
	}
	if got := len(f.Proxy("p").Settings().Overlays); got != 8 {
		t.Errorf("%d overlays, want 8", got)
	}
}
