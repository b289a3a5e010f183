package evidence

import (
	"fmt"
	"go/format"
	"strconv"
	"strings"
)

// GoTest writes a Go test whose network drops exactly these packets, as the
// source of a file of the package. network is the JSON object of its settings, in
// the words of lossy/settings, drops included. As it stands, the test sends as
// many datagrams as it takes to see them dropped, and fails if other ones are:
// the code that is to be tested takes the place of that.
func GoTest(pkg string, seed uint64, network string, drops []Drop) ([]byte, error) {
	var flows, want strings.Builder
	for _, f := range flowsOf(drops) {
		fmt.Fprintf(&flows, "%q,", f.String())
	}
	datagrams := uint64(0)
	for _, flow := range flowsOf(drops) {
		for _, d := range drops {
			if d.Flow != flow {
				continue
			}
			datagrams = max(datagrams, d.Index+1)
			fmt.Fprintf(&want, "\t\t%q: true,\n", fmt.Sprintf("%v %v %d", d.Flow, d.Dir, d.Index))
		}
	}
	literal := "`" + network + "`"
	if strings.Contains(network, "`") {
		literal = strconv.Quote(network)
	}
	return format.Source(fmt.Appendf(nil, goTest, pkg, literal, seed, strings.TrimSuffix(flows.String(), ","), datagrams, want.String()))
}

const goTest = `package %s

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
const minimalNetwork = %s

// TestMinimalDrops runs in virtual time over an in-memory network. Over a real
// socket, lossy.Wrap(socket, cfg) is the same network.
func TestMinimalDrops(t *testing.T) {
	cfg := lossy.Config{Seed: %d}
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
					dropped[fmt.Sprintf("%%v %%v %%d", flow, d, v.Index)] = true
				}
			}
		})
		listen := func(port int) net.PacketConn {
			c, err := network.Listen(netip.MustParseAddrPort(fmt.Sprintf("127.0.0.1:%%d", port)))
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		server := listen(53)
		for i, name := range []string{%s} {
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
			for range %d {
				if _, err := client.WriteTo([]byte("up"), to); err != nil {
					t.Fatal(err)
				}
				if _, err := server.WriteTo([]byte("down"), from); err != nil {
					t.Fatal(err)
				}
			}
		}
		if want := (map[string]bool{
%s		}); !maps.Equal(dropped, want) {
			t.Errorf("dropped %%v, want %%v", dropped, want)
		}
	})
}
`
