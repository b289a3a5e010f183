package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"udplab/lossy"
)

// A snapshot of flows tells clients, ports, times, overlays and counts apart,
// with whatever sockets the system has.
func TestFlows(t *testing.T) {
	eachSystem(t, func(t *testing.T, newSystem func() system) {
		service := socket(t, "udp", "127.0.0.1:0")
		b := startBenchOn(t, newSystem(), Config{
			Overlays: []Overlay{losing(0.5, 0), {"all", 1, func(c *lossy.Config) error { c.Down.MTU = 3; return nil }}},
		}, addrOf(service))
		if flows, total := b.Flows(10); len(flows) != 0 || total != 0 {
			t.Errorf("%d flows of %d before any client came", len(flows), total)
		}
		first, second := client(t, b.Proxy), client(t, b.Proxy)
		var ports []uint16
		buf := make([]byte, 100)
		for i, c := range []*net.UDPConn{first, second, second} {
			send(t, c, "ping")
			_, from, err := service.ReadFromUDPAddrPort(buf)
			if err != nil {
				t.Fatal(err)
			}
			ports = append(ports, from.Port())
			for _, answer := range []string{"ok", "too long"} {
				if _, err := service.WriteToUDPAddrPort([]byte(answer), from); err != nil {
					t.Fatal(err)
				}
			}
			if got := receive(t, c); got != "ok" {
				t.Errorf("got %q", got)
			}
			eventually(t, "both answers came", func() bool { return b.Stats().Down.PacketsReceived == uint64(2*i+2) })
			b.pass(time.Second)
		}
		flows, total := b.Flows(10)
		if total != 2 || len(flows) != 2 {
			t.Fatalf("%d flows of %d, want both", len(flows), total)
		}
		for i, want := range []FlowStats{
			{Key: lossy.FlowKey{Number: 1}, Client: addrOf(second), Port: ports[1], Age: 2 * time.Second, Idle: time.Second,
				Up: DirectionStats{PacketsReceived: 2, BytesReceived: 8, PacketsSent: 2, BytesSent: 8}, Down: DirectionStats{PacketsReceived: 4, BytesReceived: 20, PacketsSent: 2, BytesSent: 4}},
			{Key: lossy.FlowKey{Number: 0}, Client: addrOf(first), Port: ports[0], Age: 3 * time.Second, Idle: 3 * time.Second,
				Up: DirectionStats{PacketsReceived: 1, BytesReceived: 4, PacketsSent: 1, BytesSent: 4}, Down: DirectionStats{PacketsReceived: 2, BytesReceived: 10, PacketsSent: 1, BytesSent: 2}},
		} {
			got := flows[i]
			want.Overlays = []string{"all"}
			if lossy.FlowChosen(0, want.Key, "losing", 0.5) {
				want.Overlays = append(want.Overlays, "losing")
			}
			if got.Key != want.Key || got.Client != want.Client || got.Port != want.Port || got.Rebound != 0 ||
				got.Age != want.Age || got.Idle != want.Idle || !slices.Equal(got.Overlays, want.Overlays) {
				t.Errorf("flow %v: %v %v port %d age %v idle %v %q\nwant %v port %d age %v idle %v %q", want.Key,
					got.Key, got.Client, got.Port, got.Age, got.Idle, got.Overlays, want.Client, want.Port, want.Age, want.Idle, want.Overlays)
			}
			for _, d := range []struct{ got, want DirectionStats }{{got.Up, want.Up}, {got.Down, want.Down}} {
				if d.got.PacketsReceived != d.want.PacketsReceived || d.got.BytesReceived != d.want.BytesReceived ||
					d.got.PacketsSent != d.want.PacketsSent || d.got.BytesSent != d.want.BytesSent || d.got.Unaccounted() != 0 {
					t.Errorf("flow %v: in %d out %d, %d bytes in, %d out; want %d, %d, %d, %d", want.Key,
						d.got.PacketsReceived, d.got.PacketsSent, d.got.BytesReceived, d.got.BytesSent,
						d.want.PacketsReceived, d.want.PacketsSent, d.want.BytesReceived, d.want.BytesSent)
				}
			}
			if n := got.Down.Link.Dropped[lossy.CauseMTU]; n != got.Down.PacketsReceived-got.Down.PacketsSent {
				t.Errorf("flow %v: %d dropped by mtu", want.Key, n)
			}
		}
		if flows, total := b.Flows(1); len(flows) != 1 || total != 2 || flows[0].Client != addrOf(second) {
			t.Errorf("one flow of %d: %+v, want that of the client heard last", total, flows)
		}
		b.Rebind()
		send(t, first, "ping")
		_, from, err := service.ReadFromUDPAddrPort(buf)
		if err != nil {
			t.Fatal(err)
		}
		if flows, _ := b.Flows(1); flows[0].Rebound != 1 || flows[0].Port != from.Port() || from.Port() == ports[0] {
			t.Errorf("after a rebind: port %d, rebound %d, want %d and once", flows[0].Port, flows[0].Rebound, from.Port())
		}
	})
}

// The limit holds, whatever it is, and flows that end meanwhile do no harm.
func TestFlowsLimit(t *testing.T) {
	b := startBench(t, Config{IdleTimeout: time.Second}, echo(t, "127.0.0.1:0"))
	for n := range 50 {
		b.flowOf(fmt.Sprintf("192.0.2.1:%d", n+1), &answering{})
	}
	for limit, want := range map[int]int{-1: 0, 0: 0, 1: 1, 49: 49, 50: 50, 1 << 40: 50} {
		if flows, total := b.Flows(limit); len(flows) != want || total != 50 {
			t.Errorf("limit %d: %d flows of %d, want %d of 50", limit, len(flows), total, want)
		}
	}
	found, _ := b.table.latest(50, 0)
	b.pass(2 * time.Second)
	for _, s := range found {
		if s.flow.place != nil || s.flow.client == (netip.AddrPort{}) {
			t.Fatal("a flow outlived its idle timeout")
		}
		s.flow.addTo(new(DirectionStats), new(DirectionStats))
	}
	if flows, total := b.Flows(50); len(flows) != 0 || total != 0 {
		t.Errorf("%d flows of %d after all have expired", len(flows), total)
	}
}
