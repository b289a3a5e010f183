package evidence_test

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// minimalNetwork is the network of a run that failed, reduced to the drops that
// the failure needs.
const minimalNetwork = `{"down":{"drop":"flow=ann,index=7"},"up":{"delay":"5ms","drop":"flow=0,index=3-4; flow=ann,index=3"}}`

// TestMinimalDrops runs in virtual time over an in-memory network. Over a real
// socket, lossy.Wrap(socket, cfg) is the same network.
func TestMinimalDrops(t *testing.T) {
	cfg := lossy.Config{Seed: 7}
	if err := settings.Parse([]byte(minimalNetwork), &cfg); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		network := lossy.NewNetwork(cfg)
		defer network.Close()
		dropped := make(map[string]bool)
		network.SetTracer(func(flow lossy.FlowKey, d lossy.Direction) func(time.Duration, int, lossy.Verdict) {
			return func(_ time.Duration, _ int, v lossy.Verdict) {
				if v.Drop != lossy.CauseNone {
					dropped[fmt.Sprintf("%v %v %d", flow, d, v.Index)] = true
				}
			}
		})
		listen := func(port int) net.PacketConn {
			c, err := network.Listen(netip.MustParseAddrPort(fmt.Sprintf("127.0.0.1:%d", port)))
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		server := listen(53)
		for i, name := range []string{"0", "ann"} {
			client := listen(1000 + i)
			flow, err := lossy.NamedFlow(name)
			if err != nil {
				t.Fatal(err)
			}
			from, to := client.LocalAddr().(*net.UDPAddr), server.LocalAddr().(*net.UDPAddr)
			if err := network.SetFlow(from.AddrPort(), to.AddrPort(), flow); err != nil {
				t.Fatal(err)
			}
			// What failed goes here, over client and server. Until then:
			for range 8 {
				if _, err := client.WriteTo([]byte("up"), to); err != nil {
					t.Fatal(err)
				}
				if _, err := server.WriteTo([]byte("down"), from); err != nil {
					t.Fatal(err)
				}
			}
		}
		if want := (map[string]bool{
			"0 up 3":     true,
			"0 up 4":     true,
			"ann up 3":   true,
			"ann down 7": true,
		}); !maps.Equal(dropped, want) {
			t.Errorf("dropped %v, want %v", dropped, want)
		}
	})
}
