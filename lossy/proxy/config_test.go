package proxy

import (
	"errors"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"udplab/lossy"
)

func TestLoops(t *testing.T) {
	local := []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")}
	for _, c := range []struct {
		listen, upstream string
		want             bool
	}{
		{"127.0.0.1:9100", "127.0.0.1:9100", true},
		{"127.0.0.1:9100", "127.0.0.1:9101", false},
		{"127.0.0.1:9100", "127.0.0.2:9100", false},
		{"127.0.0.1:9100", "[::1]:9100", false},
		{"0.0.0.0:9100", "127.0.0.1:9100", true},
		{"0.0.0.0:9100", "192.0.2.7:9100", true},
		{"0.0.0.0:9100", "192.0.2.8:9100", false},
		{"0.0.0.0:9100", "[::1]:9100", false},
		{"[::]:9100", "127.0.0.1:9100", true},
		{"[::]:9100", "[::1]:9100", true},
		{"[::]:9100", "[2001:db8::7]:9100", true},
		{"[::]:9100", "[2001:db8::8]:9100", false},
	} {
		got := loops(netip.MustParseAddrPort(c.listen), netip.MustParseAddrPort(c.upstream), local)
		if got != c.want {
			t.Errorf("listening on %s with upstream %s: loop %v, want %v", c.listen, c.upstream, got, c.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	taken := addrOf(socket(t, "udp", "127.0.0.1:0")).String()
	own := socket(t, "udp", "127.0.0.1:0")
	free := addrOf(own).String()
	own.Close()
	for _, c := range []struct {
		why  string
		cfg  Config
		is   error
		says string
	}{
		{"its own address as upstream", Config{Listen: free, Upstream: free}, ErrLoop, free},
		{"all addresses, and itself as upstream", Config{Listen: "0.0.0.0" + free[strings.LastIndex(free, ":"):], Upstream: free}, ErrLoop, free},
		{"a taken port", Config{Listen: taken, Upstream: "127.0.0.1:9"}, syscall.EADDRINUSE, taken},
		{"no port", Config{Listen: "127.0.0.1", Upstream: "127.0.0.1:9"}, nil, "listen 127.0.0.1"},
		{"an upstream without port", Config{Listen: free, Upstream: "127.0.0.1"}, nil, "upstream 127.0.0.1"},
		{"upstream port 0", Config{Listen: free, Upstream: "127.0.0.1:0"}, nil, "port 0"},
		{"a wildcard upstream", Config{Listen: free, Upstream: "0.0.0.0:9"}, nil, "no address to send to"},
		{"everybody as upstream", Config{Listen: free, Upstream: "255.255.255.255:9"}, nil, "everybody on a network"},
		{"a link-local upstream on no link", Config{Listen: free, Upstream: "[fe80::1]:9"}, nil, "name the interface, such as fe80::1%eth0"},
		{"a host that cannot be", Config{Listen: free, Upstream: "bad..host:9"}, nil, "bad..host"},
		{"an impossible probability", Config{Listen: free, Upstream: taken, Config: lossy.Config{Down: lossy.Profile{Loss: 2}}}, nil, "down: loss"},
		{"a negative flow limit", Config{Listen: free, Upstream: taken, MaxFlows: -1}, nil, "max-flows -1"},
		{"a huge flow limit", Config{Listen: free, Upstream: taken, MaxFlows: MaxFlowsLimit + 1}, nil, "max-flows"},
		{"negative memory", Config{Listen: free, Upstream: taken, MaxHeld: -1}, nil, "max-held"},
		{"negative buffers", Config{Listen: free, Upstream: taken, Buffer: -1}, nil, "buffer"},
	} {
		p, err := New(c.cfg)
		if err == nil {
			p.Close()
			t.Errorf("%s was accepted", c.why)
			continue
		}
		if c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want it to be %v", c.why, err, c.is)
		}
		var address *AddressError
		if c.is != nil && !errors.As(err, &address) {
			t.Errorf("%s: %T, want an *AddressError", c.why, err)
		}
		if !strings.HasPrefix(err.Error(), "proxy: ") || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q, want it to say %q", c.why, err, c.says)
		}
	}
}
