package sim

import (
	"net/netip"
	"time"
)

// blackout takes one direction, or everything, down for a while.
func (s *swarm) blackout() {
	down := s.links
	if s.random.IntN(2) == 0 {
		i := s.random.IntN(len(s.links))
		down = s.links[i : i+1]
	}
	for _, l := range down {
		l.SetDown(true)
	}
	s.At(s.now+s.between(100*time.Millisecond, 3*time.Second), func() {
		for _, l := range down {
			l.SetDown(false)
		}
	})
}

func (s *swarm) pause() {
	n := s.nodes[s.random.IntN(len(s.nodes))]
	n.Pause()
	s.At(s.now+s.between(10*time.Millisecond, 3*time.Second), n.Resume)
}

// restart makes a node lose its state. If it was the one who dialed, it does
// so again.
func (s *swarm) restart() {
	n := s.nodes[s.random.IntN(len(s.nodes))]
	n.Restart()
	s.restarts++
	to := s.nodes[0]
	if n == to {
		to = s.nodes[1]
	}
	s.At(s.now+s.between(0, time.Second), func() { s.dial(n, to) })
}

// move gives a node another port or another network, and perhaps does it again.
func (s *swarm) move() {
	if s.healed {
		return
	}
	n := s.nodes[s.random.IntN(len(s.nodes))]
	ip := n.Addr().Addr()
	if s.random.IntN(2) == 0 {
		ip = netip.AddrFrom4([4]byte{172, 16, byte(n.index), byte(s.random.IntN(4))})
	}
	n.Rebind(netip.AddrPortFrom(ip, uint16(10000+s.random.IntN(4))))
	if s.random.IntN(2) == 0 {
		s.At(s.now+s.between(10*time.Millisecond, 2*time.Second), s.move)
	}
}

// narrow changes what a path carries, both ways.
func (s *swarm) narrow() {
	if s.healed {
		return
	}
	a, b := s.nodes[0], s.nodes[1+s.random.IntN(len(s.nodes)-1)]
	mtu := 1200 + s.random.IntN(600)
	s.SetMTU(a, b, mtu)
	s.SetMTU(b, a, mtu)
	s.At(s.now+s.between(100*time.Millisecond, 2*time.Second), s.narrow)
}
