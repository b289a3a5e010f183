package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
)

// 0.0.0.0 is all addresses of IPv4 and no others: the port of IPv6 is left to
// whoever wants it.
func TestIPv4WildcardIsOfIPv4(t *testing.T) {
	eachSystem(t, func(t *testing.T, newSystem func() system) {
		p := startOn(t, newSystem(), Config{Listen: "0.0.0.0:0"}, newAlarm(), echo(t, "127.0.0.1:0"))
		if got, want := p.Addr(), netip.AddrPortFrom(netip.IPv4Unspecified(), p.Addr().Port()); got != want {
			t.Errorf("listening on %v, want %v", got, want)
		}
		six, err := net.ListenPacket("udp6", fmt.Sprintf("[::1]:%d", p.Addr().Port()))
		if err != nil {
			t.Fatalf("the port of IPv6 is taken: %v", err)
		}
		six.Close()
	})
}
