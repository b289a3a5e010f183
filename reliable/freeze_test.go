package reliable

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
	"udplab/reliable/internal/udp"
)

// freezer stops a process as SIGSTOP does: neither its reader nor its alarm
// goes on, while the time and its socket's queue do.
type freezer struct {
	mu     sync.Mutex
	thawed chan struct{} // nil unless frozen
}

func (f *freezer) freeze() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.thawed = make(chan struct{})
}

func (f *freezer) thaw() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.thawed)
	f.thawed = nil
}

// pass blocks while the process is frozen.
func (f *freezer) pass() {
	f.mu.Lock()
	thawed := f.thawed
	f.mu.Unlock()
	if thawed != nil {
		<-thawed
	}
}

// frozenConn is the socket of such a process.
type frozenConn struct {
	net.PacketConn
	freezer *freezer
}

func (c frozenConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.PacketConn.ReadFrom(b)
	c.freezer.pass()
	return n, from, err
}

// freezable is a listener in a process that can be frozen.
func freezable(t *testing.T, network *lossy.Network, addr string, config *Config) (*Listener, *freezer) {
	t.Helper()
	f := &freezer{}
	pc := must(network.Listen(netip.MustParseAddrPort(addr)))
	l := newListener(config, udp.New(frozenConn{pc, f}))
	l.newAlarm = func(s *udp.Socket, ring func()) udp.Alarm {
		return s.NewAlarm(func() { f.pass(); ring() }, &l.running)
	}
	l.start(true)
	t.Cleanup(func() { l.Close(); pc.Close() })
	return l, f
}

// A24: a process that stands still for 10 s, its sockets filling up, ends no
// connection, whichever end it is: a transfer goes on within a second.
func TestA24FrozenProcessKeepsItsConnections(t *testing.T) {
	for _, which := range []string{"sender", "receiver"} {
		t.Run(which, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := lossy.Profile{Delay: 20 * time.Millisecond, Rate: 50e6, Queue: 50 * time.Millisecond}
				network := lossy.NewNetwork(lossy.Config{Up: path, Down: path})
				a, fa := freezable(t, network, "10.0.0.1:9000", nil)
				b, fb := freezable(t, network, "10.0.0.2:9000", nil)
				frozen := map[string]*freezer{"sender": fa, "receiver": fb}[which]
				sender, err := a.Dial(t.Context(), addrOf(b))
				if err != nil {
					t.Fatal(err)
				}
				receiver, err := b.Accept(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				stop, stopped := context.WithCancel(t.Context())
				go func() {
					for sender.Send(stop, make([]byte, 1000)) == nil {
					}
				}()
				receive := func(n int) {
					t.Helper()
					for range n {
						if _, err := receiver.Receive(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
				}
				receive(5000)
				frozen.freeze()
				time.Sleep(10 * time.Second)
				frozen.thaw()
				thawed := time.Now()
				receive(5000) // more than any window: the path has carried some since
				if took := time.Since(thawed); took > 2*time.Second {
					t.Errorf("5 MB took %v after the freeze, want them to flow within a second of it (0.8 s)", took)
				}
				stopped()
			})
		})
	}
}

// A24: a hundred connections whose timers all ran out meanwhile are no storm:
// each sends one keepalive, and lives.
func TestA24ThawIsNoStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const conns = 100
		path := lossy.Profile{Delay: 20 * time.Millisecond}
		network := lossy.NewNetwork(lossy.Config{Up: path, Down: path})
		config := &Config{KeepAlive: time.Second, Backlog: conns}
		a, f := freezable(t, network, "10.0.0.1:9000", config)
		b, _ := freezable(t, network, "10.0.0.2:9000", &Config{Backlog: conns})
		var all []*Conn
		for range conns {
			c, err := a.Dial(t.Context(), addrOf(b))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
		time.Sleep(10 * time.Second) // all that had to be said was said
		f.freeze()
		time.Sleep(10 * time.Second)
		before := a.Stats().DatagramsSent
		f.thaw()
		time.Sleep(10 * time.Millisecond) // before any answer is back
		if sent := a.Stats().DatagramsSent - before; sent == 0 || sent > conns {
			t.Errorf("%d datagrams at the thaw, want one keepalive a connection at most, and some", sent)
		}
		time.Sleep(10 * time.Second)
		for _, c := range all {
			if err := c.Err(); err != nil {
				t.Fatalf("a connection died of it: %v", err)
			}
		}
	})
}
