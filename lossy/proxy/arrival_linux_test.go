package proxy

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"udplab/lossy"
)

// stall is a tap that keeps the proxy from reading on while it is told to, as a
// machine does that has no core to give, and remembers when datagrams arrived.
type stall struct {
	on      string        // the payload that it begins with
	begun   chan struct{} // closed when it has
	release chan struct{}

	mu      sync.Mutex
	arrived map[string]time.Duration
}

func (s *stall) Arrived(now time.Duration, payload []byte, _ lossy.ECN) {
	s.mu.Lock()
	s.arrived[string(payload)] = now
	s.mu.Unlock()
	if string(payload) == s.on {
		close(s.begun)
		<-s.release
	}
}

func (s *stall) Decided(time.Duration, int, lossy.Verdict) {}

func (s *stall) Left(time.Duration, uint64, int, []byte, lossy.ECN, bool) {}

// What waits in a socket while the proxy cannot read has arrived all the same:
// delay counts from then, and what leaves later for it is late, and told to be.
func TestDelayCountsFromArrival(t *testing.T) {
	awaitStamps(t)
	const stalled = 60 * time.Millisecond
	openStamped(t) // from now on the kernel stamps
	for _, direction := range []lossy.Direction{lossy.Up, lossy.Down} {
		for _, delay := range []time.Duration{0, stalled / 3, 2 * stalled} {
			s := &stall{on: "a stall", begun: make(chan struct{}), release: make(chan struct{}), arrived: make(map[string]time.Duration)}
			cfg := Config{Tap: func(_ lossy.FlowKey, d lossy.Direction, _, _ netip.AddrPort) lossy.Tap {
				if d != direction {
					return nil
				}
				return s
			}}
			profile := lossy.Profile{Delay: delay}
			if cfg.Up = profile; direction == lossy.Down {
				cfg.Up, cfg.Down = lossy.Profile{}, profile
			}
			from, to, p := bothEnds(t, cfg, direction)
			from("a stall")
			<-s.begun
			before := p.clock()
			from("meanwhile")
			sent := p.clock()
			time.Sleep(stalled) // the machine has no time for us; nothing is waited for
			released := p.clock()
			close(s.release)
			for _, want := range []string{"a stall", "meanwhile"} {
				if got := to(); got != want {
					t.Fatalf("%v: got %q, want %q", direction, got, want)
				}
			}
			if took := p.clock() - before; took < delay {
				t.Errorf("%v, delay %v: a datagram took %v", direction, delay, took)
			}
			s.mu.Lock()
			arrived := s.arrived["meanwhile"]
			s.mu.Unlock()
			const slack = stalled / 6 // the clocks are not read at the same moment
			if arrived < before-slack || arrived > sent+slack {
				t.Errorf("%v: taken to have arrived at %v, but was sent between %v and %v and read at %v", direction, arrived, before, sent, released)
			}
			stats := p.Stats()
			late := stats.Direction(direction).Lateness.Max
			if least := released - (arrived + delay); late < least {
				t.Errorf("%v, delay %v: %v late at most, want at least %v: it was read only then", direction, delay, late, least)
			}
			if err := p.Ready(); delay < stalled && err == nil {
				t.Errorf("%v, delay %v: a proxy of which one datagram of %d left %v late says that it is ready", direction, delay, stats.Direction(direction).Lateness.Count, late)
			}
		}
	}
}

// awaitStamps waits until the kernel stamps datagrams as they arrive. It begins a
// while after the first socket of the machine has asked for it, and stamps them as
// they are read till then. It goes on while the socket is open, as it is until the
// test ends.
func awaitStamps(t *testing.T) {
	t.Helper()
	fd, at, ok := loopbackSocket()
	if !ok {
		t.Fatal("no socket")
	}
	t.Cleanup(func() { unix.Close(fd) })
	tellMore(fd, false)
	in := newInbox()
	eventually(t, "datagrams are stamped as they arrive", func() bool {
		if err := unix.Sendto(fd, []byte("x"), 0, at); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond) // between arrival and read
		messages, errno := in.receive(fd, false)
		if errno != 0 || len(messages) == 0 {
			t.Fatalf("%d messages, %v", len(messages), errno)
		}
		return time.Now().UnixNano()-messages[0].stamp >= int64(time.Millisecond)
	})
}

// bothEnds opens a flow through a proxy, and returns how one end of it sends and
// the other receives in a direction.
func bothEnds(t *testing.T, cfg Config, d lossy.Direction) (from func(string), to func() string, p *Proxy) {
	t.Helper()
	service := socket(t, "udp", "127.0.0.1:0")
	p = startProxy(t, cfg, newAlarm(), addrOf(service))
	c := client(t, p)
	if d == lossy.Up {
		return func(text string) { send(t, c, text) }, func() string { return receive(t, service) }, p
	}
	send(t, c, "hello")
	_, port, err := service.ReadFromUDPAddrPort(make([]byte, 100))
	if err != nil {
		t.Fatal(err)
	}
	answer := func(text string) {
		if _, err := service.WriteToUDPAddrPort([]byte(text), port); err != nil {
			t.Fatal(err)
		}
	}
	return answer, func() string { return receive(t, c) }, p
}
