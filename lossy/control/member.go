package control

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// member is one proxy of a fleet.
type member struct {
	name   string
	proxy  *proxy.Proxy
	base   lossy.Config // the network without the toxics
	toxics []Toxic      // those of upstream in front, each stream in order of appearance
	retire []func()     // what is to be told when it has closed
}

// state is what of a proxy can be changed. Its zero value is a perfect wire to
// nowhere.
type state struct {
	proxy.Settings         // the network is the base
	toxics         []Toxic // a slice is never modified
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
	return s.Network == o.Network && s.Enabled == o.Enabled && s.Dark == o.Dark && s.NAT == o.NAT && s.Upstream == o.Upstream &&
		slices.EqualFunc(s.toxics, o.toxics, func(a, b Toxic) bool { return a.equal(b) })
}

func (m *member) state() state { return m.stateOf(m.proxy.Settings()) }

func (m *member) stateOf(s proxy.Settings) state {
	s.Network, s.Overlays = m.base, nil
	return state{Settings: s, toxics: m.toxics}
}

// effective is what the proxy is to have: the toxics of all flows are part of its
// network, those of some are overlays. All are among the overlays, so that a flow
// tells which it has. The base must be valid by itself, so that toxics can be
// removed.
func (s *state) effective() (proxy.Settings, error) {
	e := s.Settings
	e.Overlays = nil
	if err := e.Network.Validate(); err != nil {
		return e, err
	}
	if err := checkToxics(s.toxics); err != nil {
		return e, err
	}
	for i := range s.toxics {
		t := &s.toxics[i]
		if t.Toxicity == 1 {
			if err := t.edits.Apply(&e.Network); err != nil {
				return e, fmt.Errorf("toxic %q: %w", t.Name, err)
			}
		}
		e.Overlays = append(e.Overlays, proxy.Overlay{Name: t.Name, Share: t.Toxicity, Apply: t.edits.Apply})
	}
	if err := e.Network.Validate(); err != nil {
		return e, fmt.Errorf("with its toxics, %w", err)
	}
	return e, nil
}

// config is of a proxy that begins in this state.
func (s *state) config(listen netip.AddrPort) (proxy.Config, error) {
	if !listen.IsValid() {
		listen = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	}
	e, err := s.effective()
	if err != nil {
		return proxy.Config{}, err
	}
	c := proxy.Config{
		Listen: listen.String(), Upstream: s.Upstream.String(), Disabled: !s.Enabled,
		Config: e.Network, Overlays: e.Overlays, NAT: e.NAT,
	}
	return c, c.Validate()
}

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
		err := edit(&next)
		if err != nil {
			return err
		}
		if next.equal(&was) {
			return errSame
		}
		*s, err = next.effective()
		return err
	})
	if err == nil {
		m.base, m.toxics = next.Network, next.toxics
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
	c, err := s.config(listen)
	if err != nil {
		return nil, err
	}
	m, err := f.open(name, c)
	if err == nil {
		m.base, m.toxics = s.Network, s.toxics
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
