package proxy

import (
	"errors"
	"math/rand/v2"

	"sync"
	"testing"
	"time"

	"udplab/lossy"
)

// Clients come and go, flows expire, ports change, the service moves, rules
// change, snapshots are taken, and the proxy is closed in the midst of it. No
// datagram goes missing without a cause. Run with -race.
func TestEverythingAtOnce(t *testing.T) {
	eachSystem(t, func(t *testing.T, newSystem func() system) {
		const clients = 8
		here, there := echo(t, "127.0.0.1:0"), echo(t, "127.0.0.1:0")
		bad := lossy.Profile{Loss: 0.1, Duplicate: 0.1, Corrupt: 0.1, Delay: time.Millisecond, Jitter: time.Millisecond, Reorder: 0.1}
		p := startOn(t, newSystem(), Config{
			Config: lossy.Config{Up: bad, Down: bad}, NAT: NAT{Timeout: MinNATTime}, MaxFlows: clients / 2, IdleTimeout: time.Millisecond,
		}, newAlarm(), here)
		var all sync.WaitGroup
		over, sent := make(chan struct{}), make(chan struct{})
		for i := range clients {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			c := client(t, p)
			all.Go(func() {
				for buf := make([]byte, maxDatagram); ; {
					select {
					case <-over:
						return
					case sent <- struct{}{}:
					default:
					}
					// A closed proxy has its refusal reported, and not all is answered.
					_, _ = c.Write(make([]byte, random.IntN(2000)))
					_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
					_, _ = c.Read(buf)
				}
			})
		}
		all.Go(func() {
			for i := 0; ; i++ {
				for range 20 {
					select {
					case <-over:
						return
					case <-sent:
					}
				}
				if i%4 == 0 {
					p.Rebind()
					continue
				}
				to, network := here, lossy.Config{Up: bad, Down: bad}
				if i%8 < 4 {
					to, network = there, lossy.Config{}
				}
				if err := p.Change(func(s *Settings) error { s.Upstream, s.Network = to, network; return nil }); err != nil {
					t.Error(err)
				}
			}
		})
		eventually(t, "everything has happened", func() bool {
			s := p.Stats()
			return s.Rebound > 10 && s.FlowsExpired > 0 && s.Up.Dropped[CauseFlowLimit] > 0 && s.Down.PacketsSent > 200 &&
				s.Down.Dropped[CauseNAT] > 0 && s.Down.Link.PacketsInFlight > 0
		})
		p.Close()
		close(over)
		all.Wait() // what is counted is checked for conservation when the test ends
	})
}

// A datagram that meets a flow on its way out is counted, though it has none.
func TestLateDatagramOfAnEndedFlow(t *testing.T) {
	b := startBench(t, Config{}, echo(t, "127.0.0.1:0"))
	f := b.flow(&recorder{clock: b.clock})
	b.pass(DefaultIdleTimeout)
	if s := b.Stats(); s.FlowsExpired != 1 {
		t.Fatalf("%d flows expired, want 1", s.FlowsExpired)
	}
	f.ports.latest.Load().arrive([]message{{bytes: make([]byte, 250), segment: 100}}, b.out)
	f.ports.latest.Load().readFailed(errors.New("broken"))
	s := b.Stats()
	if s.Down.Dropped[CauseFlowClosed] != 3 || s.Down.PacketsReceived != 3 || s.Down.BytesReceived != 250 || s.Down.ReadErrors != 0 {
		t.Errorf("%d dropped of %d, %d bytes, want 3, 3 and 250", s.Down.Dropped[CauseFlowClosed], s.Down.PacketsReceived, s.Down.BytesReceived)
	}
}
