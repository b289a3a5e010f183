package control

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"time"

	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// Put makes the fleet what the specs say and nothing else: proxies that are not
// among them are closed, others opened, and those that are there already are
// changed where they differ. What a spec does not name has its default, but for
// the seed and the listen address, which stay. Putting the same again changes
// nothing; flows go on through whatever keeps its listen address.
//
// It is all or nothing, with one exception: where a proxy is to listen at the
// address of one that goes, the old one closes first. If the new one cannot be
// opened then, the old one is opened again, without its flows.
//
// Errors are those of Create, with the path of the spec.
func (f *Fleet) Put(specs []Spec) error { return f.settle(specs, true) }

// Populate is Put that closes nothing and of a proxy that is there already
// changes only what its spec names; unless that has another upstream or
// listen address, when the spec replaces the proxy, as toxiproxy has it.
func (f *Fleet) Populate(specs []Spec) error { return f.settle(specs, false) }

func (f *Fleet) settle(specs []Spec, only bool) error {
	specs = slices.Clone(specs)
	if err := checkSpecs(specs); err != nil {
		return err
	}
	for i := range specs {
		if err := specs[i].resolve(); err != nil {
			return err
		}
	}
	if err := f.settleProxies(specs, only); err != nil {
		return err
	}
	for i := range specs {
		if err := f.playDocument(specs[i].Name, &specs[i].document, only); err != nil {
			return specs[i].within(err)
		}
	}
	return nil
}

func (f *Fleet) settleProxies(specs []Spec, only bool) error {
	f.changes.Lock()
	defer f.changes.Unlock()
	p, err := f.plan(specs, only)
	if err == nil {
		err = p.carryOut()
	}
	if err != nil && p != nil {
		p.undo()
	}
	return err
}

// plan is a change of several proxies at a time.
type plan struct {
	fleet  *Fleet
	open   []*opening
	keep   []*keeping
	gone   []*member // they close in the end
	undone []func()  // what takes back what was done, in its order
}

// opening is a proxy that is to be opened, and keeping one that is to be changed.
type opening struct {
	spec *Spec
	next state
	now  *member // once it is open
}

type keeping struct {
	spec *Spec
	m    *member
	edit func(*state) error
}

// plan says what is to be done, and finds what is wrong with it before anything is.
func (f *Fleet) plan(specs []Spec, only bool) (*plan, error) {
	if f.closed {
		return nil, errClosed
	}
	p := &plan{fleet: f}
	stays := make(map[string]bool)
	for i := range specs {
		s := &specs[i]
		stays[s.Name] = true
		if err := p.add(s, f.members[s.Name], only); err != nil {
			return nil, s.within(err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.members)) {
		if only && !stays[name] {
			p.gone = append(p.gone, f.members[name])
		}
		stays[name] = true
	}
	if !only && len(stays) > MaxProxies {
		return nil, fmt.Errorf("%w: %d would be open, at most %d can", errTooMany, len(stays), MaxProxies)
	}
	return p, nil
}

// add plans what becomes of one spec, and of the proxy of its name if there is one.
func (p *plan) add(s *Spec, m *member, only bool) error {
	next := newState()
	edit := s.document.applyWhole
	if m != nil {
		next = m.state()
		if !only && m.listensOn(s.document.listen) && next.Upstream == s.document.upstream {
			edit = s.document.apply
		}
	}
	if m != nil {
		edit = goingOn(m.proxy, s.document.scenario, edit)
	}
	if err := edit(&next); err != nil {
		return err
	}
	if _, err := next.config(s.document.listen); err != nil {
		return err
	}
	if m != nil && m.listensOn(s.document.listen) {
		p.keep = append(p.keep, &keeping{spec: s, m: m, edit: edit})
		return nil
	}
	if m != nil {
		next.Dark = [2]time.Duration{}
		p.gone = append(p.gone, m)
	}
	p.open = append(p.open, &opening{spec: s, next: next})
	return nil
}

// carryOut does what may fail first: opening sockets, then changing what stays.
// An opening whose address is taken by a proxy that goes waits until that has.
func (p *plan) carryOut() error {
	var waiting []*opening
	for _, o := range p.open {
		err := p.opens(o)
		switch {
		case refusedBySystem(err) && p.holder(o.spec.document.listen) != nil:
			waiting = append(waiting, o)
		case err != nil:
			return err
		}
	}
	for _, k := range p.keep {
		was := k.m.state()
		if err := p.fleet.apply(k.m, k.edit); err != nil {
			return k.spec.within(ofField(err))
		}
		p.undone = append(p.undone, func() {
			_ = p.fleet.apply(k.m, func(s *state) error { *s = was; return nil }) // it held before
		})
	}
	for _, o := range waiting {
		for m := p.holder(o.spec.document.listen); m != nil; m = p.holder(o.spec.document.listen) {
			p.closes(m)
		}
	}
	for _, o := range waiting {
		if err := p.opens(o); err != nil {
			return err
		}
	}
	p.fleet.exchange(p.open, p.gone)
	for _, m := range p.gone {
		m.close()
	}
	return nil
}

func (p *plan) opens(o *opening) error {
	m, err := p.fleet.openState(o.spec.Name, o.spec.document.listen, &o.next)
	if err != nil {
		return o.spec.within(ofField(err))
	}
	o.now = m
	p.undone = append(p.undone, m.close)
	return nil
}

// closes ends a proxy before its time, for the sake of its address.
func (p *plan) closes(m *member) {
	at, was := m.proxy.Addr(), m.state()
	m.close()
	p.gone = slices.DeleteFunc(p.gone, func(g *member) bool { return g == m })
	p.fleet.leave(m)
	p.undone = append(p.undone, func() {
		was.Dark = [2]time.Duration{}
		if again, err := p.fleet.openState(m.name, at, &was); err == nil {
			p.fleet.enter(again)
		}
	})
}

// undo takes back what was done, the last first.
func (p *plan) undo() {
	for _, undo := range slices.Backward(p.undone) {
		undo()
	}
}

// holder finds a proxy that goes and has, or may have, the socket at an address.
func (p *plan) holder(at netip.AddrPort) *member {
	for _, m := range p.gone {
		is := m.proxy.Addr()
		if is.Port() == at.Port() && (is.Addr() == at.Addr() || is.Addr().IsUnspecified() || at.Addr().IsUnspecified()) {
			return m
		}
	}
	return nil
}

// exchange has everybody see what was opened, and what goes no more, in one step.
func (f *Fleet) exchange(opened []*opening, gone []*member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range gone {
		delete(f.members, m.name)
	}
	for _, o := range opened {
		f.members[o.now.name] = o.now
	}
}

// ofField puts an address that could not be used under the name of its field.
func ofField(err error) error {
	address, ok := errors.AsType[*proxy.AddressError](err)
	if !ok {
		return err
	}
	return &settings.FieldError{Field: address.Field, Err: err}
}

// refusedBySystem says whether it was the system that did not let an address be
// used, rather than that it is none.
func refusedBySystem(err error) bool {
	_, is := errors.AsType[*net.OpError](err)
	return is
}
