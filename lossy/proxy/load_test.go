package proxy

import (
	"encoding/binary"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"udplab/lossy"
)

// The load of the benchmarks: a client and an echo service that cost as little
// as the system lets them, so that what is measured is what lies in between.

// fastEcho answers every datagram with itself, in batches.
func fastEcho(t testing.TB) netip.AddrPort {
	t.Helper()
	sys := newSystem()
	f, err := sys.listen(netip.MustParseAddrPort("127.0.0.1:0"), DefaultBuffer)
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		out, back := newBurst(), map[netip.AddrPort]outlet{}
		take := func(messages []message) {
			for i, m := range messages {
				if back[m.from] == nil {
					back[m.from] = f.to(m.from)
				}
				full := false
				for more := true; more; {
					var d []byte
					d, more = m.next()
					out.bytes = append(out.bytes, d...)
					if full = out.added(0, lossy.NotECT); full {
						sendAll(back[m.from], out)
					}
				}
				if i+1 == len(messages) || messages[i+1].from != m.from {
					sendAll(back[m.from], out)
				}
			}
		}
		untilClosed(func() error { return f.receive(take) }, func(error) {})
	})
	t.Cleanup(func() {
		f.stop()
		done.Wait()
		f.close()
		sys.close()
	})
	return f.local()
}

// sendAll sends a burst and empties it. What the kernel refuses is lost.
func sendAll(o outlet, b *burst) {
	for i := 0; i < b.count(); {
		n, err := o.send(b, i)
		i += n
		if err != nil {
			i++
		}
	}
	b.reset()
}

// flood is a client that keeps a window of numbered datagrams on the way to an
// echo and back. As order is kept, an answer says of all before it that they
// have come or are lost.
type flood struct {
	to     back
	sent   uint64
	answer atomic.Uint64 // number of the latest answer, plus 1
	back   atomic.Uint64 // answers
	rested chan struct{} // holds a value after an answer
}

func newFlood(t testing.TB, to netip.AddrPort) *flood {
	t.Helper()
	sys := newSystem()
	f := &flood{rested: make(chan struct{}, 1)}
	b, err := sys.dial(to, DefaultBuffer, f)
	if err != nil {
		t.Fatal(err)
	}
	f.to = b
	t.Cleanup(func() {
		b.close()
		sys.close()
	})
	return f
}

func (f *flood) arrive(messages []message, _ *burst) {
	for i := range messages {
		m := &messages[i]
		for more := true; more; {
			var d []byte
			d, more = m.next()
			f.answer.Store(max(f.answer.Load(), binary.BigEndian.Uint64(d)+1))
			f.back.Add(1)
		}
	}
	select {
	case f.rested <- struct{}{}:
	default:
	}
}

func (f *flood) readFailed(error) {}

// load is what a flood sends.
type load struct {
	size   int // of a datagram, in bytes
	each   int // datagrams with each call
	window int // datagrams on the way, at most
	pace   int // datagrams a second, or 0 for as many as the window lets out
}

// run sends until n datagrams more have come back or are lost. Without a pace a
// window opens by one with each answer, so that no burst is larger than what the
// path carries, and is filled again when some of it is empty. With a pace it sends
// what is due, whatever comes back.
func (f *flood) run(n uint64, l load) {
	const first, some = 512, 256
	out, begun, before := newBurst(), time.Now(), f.sent
	for end := f.answer.Load() + n; ; {
		answered := f.answer.Load()
		if answered >= end {
			return
		}
		until, patience := f.sent, 200*time.Millisecond
		if l.pace > 0 {
			until, patience = before+uint64(time.Since(begun).Seconds()*float64(l.pace)), time.Millisecond
		} else if open := answered + min(uint64(l.window), first+answered); f.sent+some <= open {
			until = open
		}
		for f.sent < until {
			for range l.each {
				at := len(out.bytes)
				out.bytes = out.bytes[:at+l.size]
				binary.BigEndian.PutUint64(out.bytes[at:], f.sent)
				out.added(0, lossy.NotECT)
				f.sent++
			}
			sendAll(f.to, out)
		}
		select {
		case <-f.rested:
		case <-time.After(patience):
			if l.pace == 0 {
				// Everything on the way was lost, to a full buffer most likely.
				f.answer.Store(f.sent)
			}
		}
	}
}

// plainForwarder is the least a forwarder can do: one call for each datagram,
// no model, no counts, one client.
func plainForwarder(t testing.TB, upstream netip.AddrPort) netip.AddrPort {
	t.Helper()
	listen := socket(t, "udp", "127.0.0.1:0")
	up, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(upstream))
	if err != nil {
		t.Fatal(err)
	}
	enlarge(up, DefaultBuffer)
	listen.SetReadDeadline(time.Time{})
	var client atomic.Pointer[netip.AddrPort]
	var done sync.WaitGroup
	done.Go(func() {
		for buf := make([]byte, maxDatagram); ; {
			n, from, err := listen.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			if client.Load() == nil {
				client.Store(&from)
			}
			_, _ = up.Write(buf[:n])
		}
	})
	done.Go(func() {
		for buf := make([]byte, maxDatagram); ; {
			n, err := up.Read(buf)
			if err != nil {
				return
			}
			_, _ = listen.WriteToUDPAddrPort(buf[:n], *client.Load())
		}
	})
	t.Cleanup(func() {
		listen.Close()
		up.Close()
		done.Wait()
	})
	return addrOf(listen)
}

// openFlows has as many clients exchange a datagram of that size with an echo
// behind the proxy.
func openFlows(t testing.TB, p *Proxy, flows, size int) {
	t.Helper()
	payload := string(make([]byte, size))
	for i := range flows {
		// The address makes a client, so one socket after the other will do.
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 1, byte(i / 1000)}), uint16(20_000+i%1000))
		c, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(from), net.UDPAddrFromAddrPort(p.Addr()))
		if err != nil {
			t.Skipf("no source addresses to be had: %v", err) // only Linux has all of 127.0.0.0/8
		}
		c.SetDeadline(time.Now().Add(patience))
		exchange(t, c, payload)
		c.Close()
	}
}

// memoryInUse is the live heap, and the stacks.
func memoryInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
