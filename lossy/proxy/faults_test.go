package proxy

import (
	"net"
	"testing"
)

// P3: a service that is down costs nothing but its own datagrams: the reports are
// counted, and the first datagram after it is back gets through.
func TestP3_UpstreamDownAndBack(t *testing.T) {
	eachSystem(t, upstreamDownAndBack)
}

func upstreamDownAndBack(t *testing.T, newSystem func() system) {
	service := socket(t, "udp", "127.0.0.1:0")
	at := addrOf(service)
	p := startOn(t, newSystem(), Config{}, newAlarm(), at)
	c := client(t, p)
	send(t, c, "while up")
	if got := receive(t, service); got != "while up" {
		t.Fatalf("got %q", got)
	}
	service.Close()
	for range 5 {
		send(t, c, "into the void")
	}
	eventually(t, "five more datagrams up, and a report that nobody listens", func() bool {
		s := p.Stats().Up
		return s.PacketsSent == 6 && s.Refused > 0
	})
	service = socket(t, "udp", at.String())
	send(t, c, "back again")
	if got := receive(t, service); got != "back again" {
		t.Errorf("got %q, want the first datagram after the restart", got)
	}
	if s := p.Stats(); s.Flows != 1 || s.Down.ReadErrors != 0 || s.Down.Refused != 0 {
		t.Errorf("%d flows, %d read errors, %d refusals down, want the one flow and none", s.Flows, s.Down.ReadErrors, s.Down.Refused)
	}
}

func TestCloseWithTrafficOnTheWay(t *testing.T) {
	p := startProxy(t, Config{}, newAlarm(), echo(t, "127.0.0.1:0"))
	c := client(t, p)
	for range 200 {
		send(t, c, "x")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if s := p.Stats(); s.Flows != 0 {
		t.Errorf("%d flows in a closed proxy", s.Flows)
	}
	// The address is free again.
	again, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(p.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}
