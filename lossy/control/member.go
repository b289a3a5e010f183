package control

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// member is one proxy of a fleet.
type member struct {
	name   string
	proxy  *proxy.Proxy
	base   lossy.Config // the network, as it was asked for
	retire []func()     // what is to be told when it has closed
}

// state is what of a proxy can be changed. Its zero value is a perfect wire to
// nowhere.
type state struct {
	proxy.Settings // the network is the base
}

// newState is that of a proxy nobody has said anything about but for a seed: short
// enough to type, and exact in JSON for every reader.
func newState() state {
	s := state{}
	s.Network.Seed = uint64(rand.Uint32())
	return s
}

// equal says whether two states of one proxy are the same.
func (s *state) equal(o *state) bool {
	return s.Network == o.Network && s.Enabled == o.Enabled && s.Dark == o.Dark && s.NAT == o.NAT && s.Upstream == o.Upstream
}

func (m *member) state() state { return m.stateOf(m.proxy.Settings()) }

func (m *member) stateOf(s proxy.Settings) state {
	s.Network = m.base
	return state{Settings: s}
}

// network is what the datagrams meet.
func (s *state) network() (lossy.Config, error) { return s.Network, s.Network.Validate() }

// errSame ends a change that would change nothing, so that nobody is told of it.
var errSame = errors.New("nothing changes")

// apply edits a member in one step. The caller has locked f.changes.
func (f *Fleet) apply(m *member, edit func(*state) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := state{}
	err := m.proxy.Change(func(s *proxy.Settings) error {
		was := m.stateOf(*s)
		next = was
		if err := edit(&next); err != nil {
			return err
		}
		network, err := next.network()
		if err != nil {
			return err
		}
		if next.equal(&was) {
			return errSame
		}
		*s = next.Settings
		s.Network = network
		return nil
	})
	if err == nil {
		m.base = next.Network
	}
	if errors.Is(err, errSame) {
		return nil
	}
	return err
}

// listensOn says whether a member is where a listen address wants it: there, or
// on any port if that leaves it open. No address is contentment.
func (m *member) listensOn(at netip.AddrPort) bool {
	is := m.proxy.Addr()
	return !at.IsValid() || at == is || at.Port() == 0 && at.Addr() == is.Addr()
}

// openState opens a proxy in a certain state.
func (f *Fleet) openState(name string, listen netip.AddrPort, s *state) (*member, error) {
	network, err := s.network()
	if err != nil {
		return nil, err
	}
	if !listen.IsValid() {
		listen = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	}
	m, err := f.open(name, proxy.Config{
		Listen: listen.String(), Upstream: s.Upstream.String(),
		Config: network, NAT: s.NAT, Disabled: !s.Enabled,
	})
	if err == nil {
		m.base = s.Network
	}
	return m, err
}

// move opens a member anew at another address, and closes it where it was. Its
// flows begin anew, and a blackout of now is over.
func (f *Fleet) move(m *member, listen netip.AddrPort, next *state) error {
	next.Dark = [2]time.Duration{}
	moved, err := f.openState(m.name, listen, next)
	if err != nil {
		return err
	}
	f.enter(moved)
	m.close()
	return nil
}
