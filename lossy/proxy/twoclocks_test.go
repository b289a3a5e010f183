package proxy

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
	"udplab/lossy/decisions"
	"udplab/lossy/scenario"
	"udplab/lossy/scenario/play"
)

// One experiment, two clocks: a scenario with everything that moves. Datagrams are
// sent in slots, between its changes.
const experiment = `{"until": "12s", "steps": [
	{"mark": "quiet", "for": "1s"},
	{"ramp": {"loss": {"from": "0%", "to": "60%"}, "up": {"corrupt": {"from": "1%", "to": "40%", "curve": "geometric"}}}, "for": "2s"},
	{"loop": 2, "steps": [
		{"blackout": {"for": "500ms", "direction": "up"}, "for": "1s"},
		{"set": {"loss": "20%", "burst": 3, "down": {"delay": "40ms", "jitter": "5ms"}}, "for": "1s"}]},
	{"wave": {"down": {"delay": {"low": "10ms", "high": "90ms", "period": "1s"}, "duplicate": {"shape": "square", "low": "0%", "high": "50%", "period": "400ms"}}}, "for": "2s"},
	{"mark": "off", "enabled": false, "for": "500ms"},
	{"enabled": true, "reset": true, "for": "500ms"},
	{"loop": "forever", "steps": [{"set": {"mtu": 40, "loss": "0%"}, "for": "300ms"}, {"set": {"mtu": 0, "loss": "30%"}, "for": "300ms"}]}]}`

const (
	slot     = 100 * time.Millisecond
	slots    = 125
	talkers  = 4
	inAFlow  = 3 // datagrams a flow sends in a slot
	talkport = 1000
)

var experimented = lossy.Config{Seed: 42,
	Up: lossy.Profile{Duplicate: 0.1}, Down: lossy.Profile{Loss: 0.05, Reorder: 0.1}}

func talker(t testing.TB, i int) lossy.FlowKey {
	key, err := lossy.NamedFlow("talker-" + strconv.Itoa(i))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func said(flow, i int) []byte { return bytes.Repeat([]byte{byte(flow)}, 1+(flow*17+i*7)%80) }

// logged returns the canonical form of a run's log, its lines sorted, and how many
// verdicts and notes are in it.
func logged(t *testing.T, run func(*decisions.Log, func(scenario.Note))) (sorted []byte, verdicts uint64, notes int) {
	t.Helper()
	var out bytes.Buffer
	l, err := decisions.New(&out, decisions.Options{Seed: experimented.Seed, Timeless: true})
	if err != nil {
		t.Fatal(err)
	}
	run(l, func(n scenario.Note) {
		if err := l.Note(map[string]scenario.Note{"scenario": n}); err != nil {
			t.Error(err)
		}
	})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if s := l.Stats(); s.LeftOut > 0 {
		t.Fatalf("%d lines were left out", s.LeftOut)
	}
	lines := bytes.SplitAfter(out.Bytes(), []byte("\n"))
	slices.SortFunc(lines, bytes.Compare)
	for _, line := range lines {
		if bytes.HasPrefix(line, []byte(`{"scenario":`)) {
			notes++
		}
	}
	return bytes.Join(lines, nil), l.Stats().Lines, notes
}

// inVirtualTime runs the experiment over an in-memory network, in a bubble.
func inVirtualTime(t *testing.T, s *scenario.Scenario, l *decisions.Log, heard func(scenario.Note)) {
	n := lossy.NewNetwork(experimented)
	defer n.Close()
	n.SetTracer(l.Trace)
	local := netip.MustParseAddr("127.0.0.1")
	at := netip.AddrPortFrom(local, 53)
	service, err := n.Listen(at)
	if err != nil {
		t.Fatal(err)
	}
	echoed := make(chan struct{})
	go func() {
		defer close(echoed)
		buf := make([]byte, 1500)
		for {
			size, from, err := service.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = service.WriteTo(buf[:size], from) // nobody listens to it after the end
		}
	}()
	var clients [talkers]net.PacketConn
	for i := range clients {
		from := netip.AddrPortFrom(local, uint16(talkport+i))
		if err := n.SetFlow(from, at, talker(t, i)); err != nil {
			t.Fatal(err)
		}
		if clients[i], err = n.Listen(from); err != nil {
			t.Fatal(err)
		}
	}
	begun, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- play.OverNetwork(context.Background(), n, s, func() { close(begun) }, heard) }()
	<-begun
	time.Sleep(slot / 2)
	for i := range slots {
		for flow, c := range clients {
			for k := range inAFlow {
				if _, err := c.WriteTo(said(flow, i*inAFlow+k), net.UDPAddrFromAddrPort(at)); err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(slot)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	service.Close()
	<-echoed
}

// onSockets runs the experiment through a proxy and real sockets, on a clock that
// the test advances when everything sent has been decided about.
func onSockets(t *testing.T, s *scenario.Scenario, l *decisions.Log, heard func(scenario.Note)) {
	cfg := Config{Config: experimented, Tracer: l.Trace, Flows: make(map[netip.AddrPort]lossy.FlowKey)}
	var clients [talkers]*net.UDPConn
	for i := range clients {
		clients[i] = socket(t, "udp", "127.0.0.1:0")
		cfg.Flows[addrOf(clients[i])] = talker(t, i)
	}
	b := startBench(t, cfg, echo(t, "127.0.0.1:0"))
	p, err := b.Play(s, PlayOptions{Heard: heard})
	if err != nil {
		t.Fatal(err)
	}
	b.passAndPlay(t, slot/2)
	sent := uint64(0)
	for i := range slots {
		for flow, c := range clients {
			for k := range inAFlow {
				if _, err := c.WriteToUDPAddrPort(said(flow, i*inAFlow+k), b.Addr()); err != nil {
					t.Fatal(err)
				}
				sent++
			}
		}
		eventually(t, "everything is decided, there and back", func() bool {
			s := b.Stats()
			return s.Up.Link.PacketsIn == sent && s.Down.Link.PacketsIn == s.Up.PacketsSent &&
				s.Up.Link.PacketsOut == s.Up.PacketsSent && s.Up.Link.PacketsInFlight == 0
		})
		b.passAndPlay(t, slot)
	}
	<-p.Ended()
	if s := p.State(); !s.Done || s.Failed > 0 {
		t.Errorf("it ended as %+v", s)
	}
}

// The same scenario and seed give the same decisions, byte for byte, in virtual time
// over an in-memory network and through a proxy between real sockets.
func TestOneExperimentTwoClocks(t *testing.T) {
	s := parseScenario(t, experiment)
	var want []byte
	var verdicts uint64
	var notes int
	synctest.Test(t, func(t *testing.T) {
		want, verdicts, notes = logged(t, func(l *decisions.Log, heard func(scenario.Note)) { inVirtualTime(t, s, l, heard) })
	})
	if verdicts < slots*talkers*inAFlow*3/2 || notes < 50 {
		t.Fatalf("only %d verdicts and %d notes: the comparison sees little", verdicts, notes)
	}
	got, _, _ := logged(t, func(l *decisions.Log, heard func(scenario.Note)) { onSockets(t, s, l, heard) })
	if !bytes.Equal(got, want) {
		a, b := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
		for i := range min(len(a), len(b)) {
			if !bytes.Equal(a[i], b[i]) {
				t.Fatalf("the logs differ, first in\n%s on sockets,\n%s in virtual time", a[i], b[i])
			}
		}
		t.Fatalf("%d lines on sockets, %d in virtual time", len(a), len(b))
	}
	later := parseScenario(t, strings.Replace(experiment, `"for": "1s"`, `"for": "1100ms"`, 1))
	synctest.Test(t, func(t *testing.T) {
		other, _, _ := logged(t, func(l *decisions.Log, _ func(scenario.Note)) { inVirtualTime(t, later, l, nil) })
		alike := slices.DeleteFunc(bytes.SplitAfter(want, []byte("\n")), func(line []byte) bool { return bytes.HasPrefix(line, []byte(`{"scenario":`)) })
		if bytes.Equal(other, bytes.Join(alike, nil)) {
			t.Error("changes that come a slot later decide the same: the comparison sees nothing")
		}
	})
}
