package decisions

import (
	"bytes"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// The traffic of the comparison: every flow sends the same datagrams up,
// whoever carries them.
const (
	flows     = 16
	datagrams = 400
	patience  = 30 * time.Second
)

// networks decide everything that a seed alone can decide, each way of it.
func networks(t *testing.T) map[string]lossy.Config {
	drop, err := lossy.ParseRules("size>85,every=3; index=7-9; nth=100")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]lossy.Config{
		"plain": {Seed: 11, Up: lossy.Profile{
			Loss: 0.1, Burst: 3, Delay: 2 * time.Millisecond, Jitter: time.Millisecond,
			Reorder: 0.1, Duplicate: 0.1, Corrupt: 0.1,
		}},
		"variants": {Seed: 12, Up: lossy.Profile{
			LossModel: lossy.GilbertElliott{P: 0.05, R: 0.3, Bad: 0.8}, Drop: drop, MTU: 88,
			Delay: 2 * time.Millisecond, Reorder: 0.1, ReorderSpread: lossy.Displacement{Mean: 3},
			Duplicate: 0.1, DuplicateCopies: 2, DuplicateDelay: time.Millisecond,
			Corrupt: 0.1, CorruptHow: lossy.Damage{N: 3},
		}},
	}
}

func payload(flow, i int) []byte {
	return bytes.Repeat([]byte{byte(flow)}, 1+(flow*31+i*7)%90)
}

func flowKey(t testing.TB, i int) lossy.FlowKey { return mustFlow(t, "client-"+strconv.Itoa(i)) }

// logged returns the canonical form of what a run wrote: its lines, sorted.
func logged(t *testing.T, run func(*Log)) []byte {
	t.Helper()
	var out bytes.Buffer
	l, err := New(&out, Options{Timeless: true})
	if err != nil {
		t.Fatal(err)
	}
	run(l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if s := l.Stats(); s != (Stats{Lines: flows * datagrams}) {
		t.Fatalf("%+v, want a line for each of %d datagrams", s, flows*datagrams)
	}
	lines := bytes.SplitAfter(out.Bytes(), []byte("\n"))
	slices.SortFunc(lines, bytes.Compare)
	return bytes.Join(lines, nil)
}

// overLinks sends everything over bare links, flow by flow, in virtual time.
func overLinks(t *testing.T, network lossy.Config, l *Log) {
	for flow := range flows {
		key := flowKey(t, flow)
		link := lossy.NewLink(network.Seed, key.Number, lossy.Up, network.Up)
		link.SetTrace(l.Trace(key, lossy.Up))
		for i := range datagrams {
			link.Send(time.Duration(i)*time.Millisecond, payload(flow, i))
		}
	}
}

// overNetwork sends everything through an in-memory network, one goroutine a
// flow, and each in batches.
func overNetwork(t *testing.T, network lossy.Config, l *Log, batch int) {
	n := lossy.NewNetwork(network)
	defer n.Close()
	n.SetTracer(l.Trace)
	server := netip.MustParseAddrPort("127.0.0.1:53")
	if _, err := n.Listen(server); err != nil {
		t.Error(err)
		return
	}
	var group sync.WaitGroup
	for flow := range flows {
		client := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(1000+flow))
		if err := n.SetFlow(client, server, flowKey(t, flow)); err != nil {
			t.Error(err)
			return
		}
		group.Go(func() {
			c, err := n.Listen(client)
			if err != nil {
				t.Error(err)
				return
			}
			for i := range datagrams {
				if i%batch == 0 {
					time.Sleep(time.Millisecond) // of the bubble
				}
				if _, err := c.WriteTo(payload(flow, i), net.UDPAddrFromAddrPort(server)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

// overProxy sends everything through real sockets and a real proxy, from as
// many goroutines and in such batches.
func overProxy(t *testing.T, network lossy.Config, l *Log, goroutines, batch int) {
	sink, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	cfg := proxy.Config{Listen: "127.0.0.1:0", Upstream: sink.LocalAddr().String(), Config: network, Tracer: l.Trace}
	cfg.Flows = make(map[netip.AddrPort]lossy.FlowKey)
	clients := make([]*net.UDPConn, flows)
	for i := range clients {
		if clients[i], err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
			t.Fatal(err)
		}
		defer clients[i].Close()
		cfg.Flows[clients[i].LocalAddr().(*net.UDPAddr).AddrPort()] = flowKey(t, i)
	}
	p, err := proxy.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	// No more in the listen socket than the smallest buffer a system grants.
	const mostWaiting = 128
	var turn sync.Mutex
	sent := uint64(0)
	end := time.Now().Add(patience)
	wait := func(size int) {
		turn.Lock()
		defer turn.Unlock()
		sent += uint64(size)
		for sent > l.Stats().Lines+mostWaiting && time.Now().Before(end) {
			runtime.Gosched()
		}
	}
	var group sync.WaitGroup
	for g := range goroutines {
		group.Go(func() {
			for i := 0; i < datagrams; i += batch {
				for flow := g; flow < flows; flow += goroutines {
					size := min(batch, datagrams-i)
					wait(size)
					for k := range size {
						if _, err := clients[flow].WriteToUDPAddrPort(payload(flow, i+k), p.Addr()); err != nil {
							t.Error(err)
							return
						}
					}
				}
			}
		})
	}
	group.Wait()
	wait(mostWaiting) // for all of them, having sent no more
}

// One seed, one log: byte for byte, whoever carries the datagrams, on however
// many goroutines, in whatever batches.
func TestSameSeedSameLog(t *testing.T) {
	for name, network := range networks(t) {
		t.Run(name, func(t *testing.T) {
			want := logged(t, func(l *Log) { overLinks(t, network, l) })
			for _, batch := range []int{1, 64} {
				var got []byte
				synctest.Test(t, func(t *testing.T) {
					got = logged(t, func(l *Log) { overNetwork(t, network, l, batch) })
				})
				if !bytes.Equal(got, want) {
					t.Errorf("in-memory network, batches of %d: another log than bare links have", batch)
				}
				for _, goroutines := range []int{1, 16} {
					got := logged(t, func(l *Log) { overProxy(t, network, l, goroutines, batch) })
					if !bytes.Equal(got, want) {
						t.Errorf("proxy, %d goroutines, batches of %d: another log than bare links have", goroutines, batch)
					}
				}
			}
			next := network
			next.Seed++
			if other := logged(t, func(l *Log) { overLinks(t, next, l) }); bytes.Equal(other, want) {
				t.Error("the next seed has the same log: the comparison sees nothing")
			}
		})
	}
}
