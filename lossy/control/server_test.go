package control

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"udplab/lossy/control/access"
	"udplab/lossy/proxy"
)

// anyone is every program of this machine.
var anyone access.Rules

func TestServe(t *testing.T) {
	f := testFleet(t)
	if _, err := f.Add("default", proxy.Config{Listen: "127.0.0.1:0", Upstream: "127.0.0.1:9"}); err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"127.0.0.1:0", ":0", "localhost:0", "[::1]:0"} {
		s, err := Serve(addr, f, anyone)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		if !s.Addr().Addr().IsLoopback() {
			t.Errorf("%s is served on %v, want a loopback address", addr, s.Addr())
		}
		client := &http.Client{Transport: &http.Transport{}}
		response, err := client.Get(s.URL() + "/proxies/default")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != 200 {
			t.Errorf("%s: status %d, want 200", addr, response.StatusCode)
		}
		client.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing again: %v", err)
		}
	}
}

// H1: an address that other machines can reach needs a token.
func TestH1_ServeRefusesOtherMachines(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "[::]:0", "192.0.2.1:0"} {
		s, err := Serve(addr, nil, anyone)
		if err == nil {
			s.Close()
		}
		if !errors.Is(err, ErrNotLoopback) || !strings.Contains(err.Error(), addr) {
			t.Errorf("%s: %v, want ErrNotLoopback with the address", addr, err)
		}
	}
	for _, addr := range []string{"8474", "127.0.0.1:port", "bad..host:1"} {
		if s, err := Serve(addr, nil, anyone); err == nil {
			s.Close()
			t.Errorf("%q was accepted", addr)
		}
	}
}
