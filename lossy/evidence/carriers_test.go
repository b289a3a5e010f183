package evidence

import (
	"bytes"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
	"udplab/lossy/decisions"
	"udplab/lossy/proxy"
)

// everything has every impairment on, and a queue of one kind each way.
func everything(t *testing.T) lossy.Config {
	t.Helper()
	p := lossy.Profile{
		Loss: 0.1, Burst: 2, Delay: 3 * time.Millisecond, Jitter: 2 * time.Millisecond, Reorder: 0.1, ReorderFor: time.Millisecond,
		Duplicate: 0.1, DuplicateCopies: 2, DuplicateDelay: time.Millisecond, Corrupt: 0.2, CorruptHow: lossy.Damage{Kind: lossy.DamageBytes, N: 4},
		Rate: 8e6, QueuePackets: 12, SharedBottleneck: true, SharedModel: true, MTU: 1000,
	}
	q := p
	q.JitterReorder, q.ReorderFor, q.ReorderBy, q.LossAfterQueue = true, 0, 2, true
	q.CorruptHow, q.DuplicateDelay = lossy.Damage{Kind: lossy.DamageTruncate}, 0
	var err error
	if q.Discipline, err = lossy.ParseDiscipline("codel:target=1ms,interval=5ms"); err != nil {
		t.Fatal(err)
	}
	if p.Drop, err = lossy.ParseRules("size>900,every=3; flow=1,index=20-22"); err != nil {
		t.Fatal(err)
	}
	return lossy.Config{Seed: 4, Up: p, Down: q}
}

const (
	perLane  = 150
	patience = 60 * time.Second
)

func size(flow, i int) int { return 3 + (flow*311+i*97)%1050 }

func payload(flow, i int) []byte { return bytes.Repeat([]byte{byte(flow + 1)}, size(flow, i)) }

// record runs something with a log and returns it, read, and as it is.
func record(t *testing.T, cfg lossy.Config, run func(*decisions.Log)) (*Recording, string) {
	t.Helper()
	var log bytes.Buffer
	l, err := decisions.New(&log, decisions.Options{Seed: cfg.Seed})
	if err != nil {
		t.Fatal(err)
	}
	run(l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	text := log.String()
	rec, err := Read(&log)
	if err != nil {
		t.Fatal(err)
	}
	if rec.Decisions != 2*worldFlows*perLane {
		t.Fatalf("%d decisions, want those of %d datagrams", rec.Decisions, 2*worldFlows*perLane)
	}
	return rec, text
}

// overNetwork sends the same datagrams each way of each flow of an in-memory
// network, at the same virtual times.
func overNetwork(t *testing.T, cfg lossy.Config, l *decisions.Log, replay lossy.Replayer) {
	n := lossy.NewNetwork(cfg)
	defer n.Close()
	n.SetTracer(l.Trace)
	n.SetReplayer(replay)
	listen := func(port uint16) net.PacketConn {
		c, err := n.Listen(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	server := listen(53)
	var clients [worldFlows]net.PacketConn
	for flow := range clients {
		clients[flow] = listen(uint16(1000 + flow))
	}
	for i := range perLane {
		for flow, c := range clients {
			if _, err := c.WriteTo(payload(flow, i), server.LocalAddr()); err != nil {
				t.Fatal(err)
			}
			if _, err := server.WriteTo(payload(flow, i), c.LocalAddr()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(700 * time.Microsecond) // of the bubble
	}
	time.Sleep(time.Second)
}

func TestReplayOverANetwork(t *testing.T) {
	cfg := everything(t)
	cfg.Down.Discipline = nil // so that decisions fall as datagrams come, and logs are equal as they stand
	var rec *Recording
	var want, got string
	synctest.Test(t, func(t *testing.T) {
		rec, want = record(t, cfg, func(l *decisions.Log) { overNetwork(t, cfg, l, nil) })
	})
	replay := rec.Replay(AfterDrop, nil)
	synctest.Test(t, func(t *testing.T) {
		_, got = record(t, cfg, func(l *decisions.Log) {
			overNetwork(t, lossy.Config{Seed: 99, Up: lossy.Profile{Loss: 0.5}}, l, replay.Script)
		})
	})
	// Only the seed in the header is another's, and record writes that of cfg.
	if got != want {
		t.Errorf("the replay's log is not that of the run")
	}
	if s := replay.Stats(); s != (Stats{Decided: rec.Decisions}) {
		t.Errorf("%+v", s)
	}
}

// overProxy sends the same datagrams each way of each flow through a real proxy
// on loopback.
func overProxy(t *testing.T, cfg lossy.Config, l *decisions.Log, replay lossy.Replayer) {
	loopback := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	server, err := net.ListenUDP("udp", loopback)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	p, err := proxy.New(proxy.Config{Listen: "127.0.0.1:0", Upstream: server.LocalAddr().String(), Config: cfg, Tracer: l.Trace, Replay: replay})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	end := time.Now().Add(patience)
	sent := uint64(0)
	// No more waits in a socket than the smallest buffer a system grants holds.
	wait := func(most uint64) {
		for sent > l.Stats().Lines+most && time.Now().Before(end) {
			runtime.Gosched()
		}
	}
	for flow := range worldFlows {
		c, err := net.ListenUDP("udp", loopback)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for i := range perLane {
			wait(32)
			if _, err := c.WriteToUDPAddrPort(payload(flow, i), p.Addr()); err != nil {
				t.Fatal(err)
			}
			sent++
		}
		wait(0) // so that flows appear in this order
	}
	for flow, port := range learn(t, server, end) {
		for i := range perLane {
			wait(32)
			if _, err := server.WriteToUDPAddrPort(payload(flow, i), port); err != nil {
				t.Fatal(err)
			}
			sent++
		}
	}
	wait(0)
}

// learn finds out by what the server got which of its clients is which flow.
func learn(t *testing.T, server *net.UDPConn, end time.Time) map[int]netip.AddrPort {
	t.Helper()
	ports := make(map[int]netip.AddrPort)
	server.SetReadDeadline(end)
	buf := make([]byte, 1<<16)
	for len(ports) < worldFlows {
		n, from, err := server.ReadFromUDPAddrPort(buf)
		if err != nil {
			t.Fatalf("only %d flows came through: %v", len(ports), err)
		}
		if n >= 50 && bytes.Count(buf[:n], buf[:1]) >= n-4 { // four bytes may be damaged
			if flow := int(buf[0]) - 1; flow >= 0 && flow < worldFlows {
				ports[flow] = from
			}
		}
	}
	return ports
}

// Over real sockets times are never the same again, and everything else is.
func TestReplayOverAProxy(t *testing.T) {
	cfg := everything(t)
	rec, want := record(t, cfg, func(l *decisions.Log) { overProxy(t, cfg, l, nil) })
	replay := rec.Replay(AfterDrop, nil)
	_, got := record(t, cfg, func(l *decisions.Log) { overProxy(t, lossy.Config{Seed: 99}, l, replay.Script) })
	if canonical([]byte(got)) != canonical([]byte(want)) {
		t.Errorf("the replay's log is\n%s\nand that of the run was\n%s", canonical([]byte(got)), canonical([]byte(want)))
	}
	if s := replay.Stats(); s != (Stats{Decided: rec.Decisions}) {
		t.Errorf("%+v", s)
	}
}
