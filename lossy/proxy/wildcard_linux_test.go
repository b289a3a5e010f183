package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"udplab/lossy"
)

// wildcards are ways to reach a proxy on all addresses at one that the system would
// not send from by itself: it prefers the one that the client is at.
func wildcards(t *testing.T) (list []struct{ listen, from, to string }) {
	add := func(listen, from, to string) {
		list = append(list, struct{ listen, from, to string }{listen, from, to})
	}
	add("0.0.0.0:0", "127.0.0.1", "127.0.0.5")
	add("[::]:0", "127.0.0.1", "127.0.0.5") // a v4-mapped client
	add("[::]:0", "::1", "::1")
	for _, a := range localAddrs() { // of this machine, whatever they are
		if a.Is6() && !a.IsLoopback() && !a.IsLinkLocalUnicast() {
			add("[::]:0", "::1", a.String())
		}
	}
	if a := linkLocal(); a.IsValid() {
		add("[::]:0", a.String(), a.String())
	}
	return list
}

// connectedTo is a client that hears nobody but whom it sent to.
func connectedTo(t *testing.T, from, to string, port uint16) *net.UDPConn {
	t.Helper()
	d := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 0))}
	c, err := d.Dial("udp", net.JoinHostPort(to, fmt.Sprint(port)))
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { c.Close() })
	return c.(*net.UDPConn)
}

// Answers of a proxy on all addresses leave from the one that the client sent to, or a
// client that is connected would not get them.
func TestAnswersLeaveFromWhereTheClientSentTo(t *testing.T) {
	eachSystem(t, func(t *testing.T, newSystem func() system) {
		for _, c := range wildcards(t) {
			t.Run(fmt.Sprintf("%s from %s to %s", c.listen, c.from, c.to), func(t *testing.T) {
				p := startOn(t, newSystem(), Config{Listen: c.listen}, newAlarm(), echo(t, "127.0.0.1:0"))
				conn := connectedTo(t, c.from, c.to, p.Addr().Port())
				for _, text := range []string{"hello", "", strings.Repeat("x", 65_507)} {
					if got := exchange(t, conn, text); got != text {
						t.Errorf("got %d bytes back, want the %d sent", len(got), len(text))
					}
				}
			})
		}
	})
}

// A client that moves from one of our addresses to another is the same flow, and is
// answered from where it sent to last.
func TestAnswersFollowTheClient(t *testing.T) {
	eachSystem(t, func(t *testing.T, newSystem func() system) {
		for _, listen := range []string{"0.0.0.0:0", "[::]:0"} {
			p := startOn(t, newSystem(), Config{Listen: listen}, newAlarm(), echo(t, "127.0.0.1:0"))
			c := socket(t, "udp4", "127.0.0.1:0")
			for _, way := range []struct{ to, back string }{
				{"127.0.0.5", "127.0.0.5"}, {"127.0.0.6", "127.0.0.6"}, {"127.0.0.6", "127.0.0.6"}, {"127.0.0.5", "127.0.0.5"},
				{"127.255.255.255", "127.0.0.1"}, // everybody, who is ours there
			} {
				sendTo(t, c, netip.AddrPortFrom(netip.MustParseAddr(way.to), p.Addr().Port()))
				if _, from, err := c.ReadFromUDPAddrPort(make([]byte, 100)); err != nil || from.Addr().String() != way.back {
					t.Errorf("listening on %s: %s is answered from %v, %v, want %s", listen, way.to, from, err, way.back)
				}
			}
			if s := p.Stats(); s.FlowsOpened != 1 {
				t.Errorf("%d flows of one client", s.FlowsOpened)
			}
		}
	})
}

// What is read and sent joined goes to and leaves from the same addresses, and bears
// its marks: a message has room for all that is said of it.
func TestJoinedAnswersLeaveFromThereToo(t *testing.T) {
	const datagrams, size = 20, 1000
	for _, c := range wildcards(t) {
		service := markedSocket(t, "127.0.0.1:0")
		down := lossy.Profile{Delay: time.Second}
		b := startBench(t, Config{Listen: c.listen, Config: lossy.Config{Down: down}}, service.local())
		client := &markedClient{got: make(chan lossy.ECN, datagrams)}
		sys := newSystem()
		at := netip.AddrPortFrom(netip.MustParseAddr(c.to), b.Addr().Port())
		to, err := sys.dial(at, DefaultBuffer, client)
		if err != nil {
			t.Fatal(err)
		}
		out := newBurst()
		for range datagrams {
			out.bytes = append(out.bytes, make([]byte, size)...)
			out.added(0, lossy.CE)
		}
		sendAll(to, out)
		for range datagrams {
			<-service.got // of a buffer that is smaller
		}
		eventually(t, "all are on the way back", func() bool { return b.Stats().Down.Link.PacketsInFlight == datagrams })
		b.pass(time.Second)
		eventually(t, "all have come", func() bool { return len(client.got) == datagrams })
		for i := range datagrams {
			if got := <-client.got; got != lossy.CE {
				t.Errorf("%s to %s: answer %d came with %v, want CE", c.listen, c.to, i, got)
			}
		}
		if s := b.Stats(); s.Up.PacketsReceived != datagrams || s.Down.Dropped[CauseKernelTx] != 0 {
			t.Errorf("%s to %s: %d came up, %d could not be sent down", c.listen, c.to, s.Up.PacketsReceived, s.Down.Dropped[CauseKernelTx])
		}
		if f, batches := b.front.(*batchingFront); batches && segmentsWork() && !f.segments.allow(size) {
			t.Errorf("%s to %s: segments could not be sent", c.listen, c.to)
		}
		to.close()
		sys.close()
	}
}

// Of datagrams to several addresses that are read together the last says where answers
// leave from.
func TestAnswersFollowWithinABatch(t *testing.T) {
	service := socket(t, "udp", "127.0.0.1:0")
	p, err := open(Config{Listen: "0.0.0.0:0", Upstream: addrOf(service).String()}, newSystem(), newClock())
	if err != nil {
		t.Fatal(err)
	}
	c := socket(t, "udp4", "127.0.0.1:0")
	to := netip.AddrPort{}
	for _, host := range []string{"127.0.0.5", "127.0.0.6"} {
		to = netip.AddrPortFrom(netip.MustParseAddr(host), p.Addr().Port())
		sendTo(t, c, to)
	}
	p.run(newAlarm())
	defer p.Close()
	var seen netip.AddrPort
	for range 2 {
		if _, seen, err = service.ReadFromUDPAddrPort(make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
	}
	sendTo(t, service, seen)
	if _, from, err := c.ReadFromUDPAddrPort(make([]byte, 100)); err != nil || from != to {
		t.Errorf("an answer from %v, %v, want %v", from, err, to)
	}
}

// The kernel is asked for addresses by sockets on all of them only, and nothing is
// allocated for what it says, even if a client changes from one to another each time.
func TestAddressesOfOursCostNothing(t *testing.T) {
	eachSystem(t, func(t *testing.T, newSystem func() system) {
		sys := newSystem()
		defer sys.close()
		for listen, told := range map[string]int{"127.0.0.1:0": 0, "0.0.0.0:0": 1} {
			f, err := sys.listen(netip.MustParseAddrPort(listen), DefaultBuffer)
			if err != nil {
				t.Fatal(err)
			}
			defer f.close()
			if got := toldLocal(t, f); got != told {
				t.Errorf("%s: IP_PKTINFO %d, want %d", listen, got, told)
			}
			c := socket(t, "udp4", "127.0.0.1:0")
			answer := f.to(addrOf(c))
			out := newBurst()
			out.bytes = append(out.bytes, "answer"...)
			out.added(0, lossy.NotECT)
			at := local{addr: netip.MustParseAddr("127.0.0.5")}
			if each := testing.AllocsPerRun(100, func() {
				at.addr = at.addr.Next()
				answer.from(at)
				if taken, err := answer.send(out, 0); taken != 1 || err != nil {
					t.Errorf("%s: %d sent, %v", listen, taken, err)
				}
			}); each != 0 {
				t.Errorf("%s: an answer costs %v allocations", listen, each)
			}
		}
	})
}

// toldLocal is whether a socket is told which of our addresses a datagram came to.
func toldLocal(t *testing.T, f front) (told int) {
	t.Helper()
	p, ok := f.(*portableFront)
	if b, batches := f.(*batchingFront); batches {
		p, ok = &b.portableFront, true
	}
	if !ok || !control(p.conn, func(fd uintptr) { told, _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO) }) {
		t.Fatalf("%T has no descriptor", f)
	}
	return told
}

// An address of ours that is gone, or never was, costs a datagram, and says nothing of
// the segments that others are sent.
func TestAddressThatIsGoneEndsNoSegments(t *testing.T) {
	sys, err := newBatching()
	if err != nil {
		t.Fatal(err)
	}
	defer sys.close()
	opened, err := sys.listen(netip.MustParseAddrPort("[::]:0"), DefaultBuffer)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.close()
	answer := opened.to(addrOf(socket(t, "udp", "[::1]:0")))
	answer.from(local{addr: netip.MustParseAddr("2001:db8::1")})
	out := newBurst()
	for range 3 {
		out.bytes = append(out.bytes, make([]byte, 1000)...)
		out.added(0, lossy.NotECT)
	}
	if taken, err := answer.send(out, 0); taken != 0 || err != unix.EINVAL {
		t.Errorf("%d sent from an address that is not ours, %v, want EINVAL", taken, err)
	}
	if s := &opened.(*batchingFront).segments; sys.joins && !s.allow(1000) {
		t.Error("others are sent no segments any more")
	}
}
