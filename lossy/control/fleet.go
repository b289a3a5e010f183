package control

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"udplab/lossy/proxy"
)

// MaxProxies is the most proxies a Fleet holds at a time: each has sockets and
// goroutines.
const MaxProxies = 256

// ErrNotFound and ErrExists are wrapped by what a Fleet refuses for want of a
// proxy of that name, or because there is one.
var (
	ErrNotFound = errors.New("proxy not found")
	ErrExists   = errors.New("proxy already exists")
	errClosed   = errors.New("the proxies are being closed")
)

// Fleet is the proxies of a process by name, which come, change and go while it
// runs. Make one with NewFleet. Safe for concurrent use.
//
// Changes are made one at a time and each is all or nothing: what fails has
// changed nothing. What reads never waits for sockets or names to be looked up.
type Fleet struct {
	prepare func(name string, c *proxy.Config) error
	opened  []func(name string, p *proxy.Proxy) (closed func())
	events  *Events

	changes sync.Mutex // serialises what opens, closes and changes proxies
	mu      sync.RWMutex
	members map[string]*member // a member is changed with both locks held
	closed  bool
}

// NewFleet returns a fleet without proxies. prepare sees the configuration of
// every proxy before it is opened and may add what a Spec does not say: limits,
// a Tracer, a classifier. It may refuse; nil does nothing. It must not call the
// fleet.
func NewFleet(prepare func(name string, c *proxy.Config) error) *Fleet {
	if prepare == nil {
		prepare = func(string, *proxy.Config) error { return nil }
	}
	f := &Fleet{prepare: prepare, members: make(map[string]*member), events: newEvents(time.Now)}
	f.OnOpen(f.events.attach)
	return f
}

// Events is what happens to the proxies, for those who watch.
func (f *Fleet) Events() *Events { return f.events }

// OnOpen has a function told of every proxy that is opened from now on, before
// anybody else can see it. What it returns, unless nil, is called when that
// proxy has closed. Neither may call the fleet. A proxy that moves to another
// address is another proxy of the same name. OnOpen is to be called before the
// first proxy is opened.
func (f *Fleet) OnOpen(opened func(name string, p *proxy.Proxy) (closed func())) {
	f.opened = append(f.opened, opened)
}

// Names returns the names of all proxies, sorted.
func (f *Fleet) Names() []string {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return slices.Sorted(maps.Keys(f.members))
}

// Proxy returns the proxy of a name, nil if there is none. What its own Change
// sets of the network is undone by the next change through the fleet: see
// Fleet.Change.
func (f *Fleet) Proxy(name string) *proxy.Proxy {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if m := f.members[name]; m != nil {
		return m.proxy
	}
	return nil
}

// Ready says of a proxy that does not keep its times; see proxy.Ready. Of several
// it is the first by name.
func (f *Fleet) Ready() error {
	for _, name := range f.Names() {
		p := f.Proxy(name)
		if p == nil {
			continue // it has gone meanwhile
		}
		if err := p.Ready(); err != nil {
			return fmt.Errorf("proxy %q: %w", name, err)
		}
	}
	return nil
}

// Add opens a proxy as code configures it; see Create for the errors. prepare
// sees c, too.
func (f *Fleet) Add(name string, c proxy.Config) (*proxy.Proxy, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	f.changes.Lock()
	defer f.changes.Unlock()
	if err := f.room(name); err != nil {
		return nil, err
	}
	m, err := f.open(name, c)
	if err != nil {
		return nil, err
	}
	f.enter(m)
	return m.proxy, nil
}

// Create opens the proxy that a Spec describes. The error wraps ErrExists if
// there is one of that name, is a *settings.FieldError if the Spec is at fault,
// and a *proxy.AddressError if the system refuses an address.
func (f *Fleet) Create(s Spec) (*proxy.Proxy, error) {
	if err := s.resolve(); err != nil {
		return nil, err
	}
	p, err := f.create(&s)
	if err != nil {
		return nil, err
	}
	if err := f.playDocument(s.Name, &s.document, true); err != nil {
		_ = f.Remove(s.Name) // it may have gone already
		return nil, s.within(err)
	}
	return p, nil
}

func (f *Fleet) create(s *Spec) (*proxy.Proxy, error) {
	f.changes.Lock()
	defer f.changes.Unlock()
	if err := f.room(s.Name); err != nil {
		return nil, err
	}
	m, err := f.openSpec(s)
	if err != nil {
		return nil, err
	}
	f.enter(m)
	return m.proxy, nil
}

// Remove closes a proxy and forgets it.
func (f *Fleet) Remove(name string) error {
	f.changes.Lock()
	defer f.changes.Unlock()
	m := f.members[name]
	if m == nil {
		return notFound(name)
	}
	f.leave(m)
	m.close()
	return nil
}

// Change edits the settings of a proxy, in one step and with the guarantees of
// proxy.Proxy.Change.
func (f *Fleet) Change(name string, edit func(s *proxy.Settings) error) error {
	return f.edit(name, func(s *state) error { return edit(&s.Settings) })
}

func (f *Fleet) edit(name string, edit func(s *state) error) error {
	f.changes.Lock()
	defer f.changes.Unlock()
	m := f.members[name]
	if m == nil {
		return notFound(name)
	}
	return f.apply(m, edit)
}

// patch makes the changes that a document asks for. A proxy that is to listen
// elsewhere is opened there anew, with the settings it had.
func (f *Fleet) patch(name string, d *document) error {
	if err := f.change(name, d); err != nil {
		return err
	}
	if d.preset != nil {
		return f.beginPreset(name, d)
	}
	return f.playDocument(name, d, false)
}

func (f *Fleet) change(name string, d *document) error {
	f.changes.Lock()
	defer f.changes.Unlock()
	m := f.members[name]
	if m == nil {
		return notFound(name)
	}
	next := m.state()
	if err := d.apply(&next); err != nil {
		return err
	}
	if err := d.checkScenario(next.Network, m.proxy.Names()); err != nil {
		return err
	}
	if m.listensOn(d.listen) {
		return f.apply(m, d.apply)
	}
	return f.move(m, d.listen, &next)
}

// Reset enables every proxy, removes its toxics and ends what goes on for a while.
func (f *Fleet) Reset() error {
	f.changes.Lock()
	defer f.changes.Unlock()
	for _, name := range slices.Sorted(maps.Keys(f.members)) {
		if b := f.members[name].proxy.Playback(); b != nil {
			b.Cancel()
		}
		if err := f.apply(f.members[name], reset); err != nil {
			return fmt.Errorf("proxy %q: %w", name, err)
		}
	}
	return nil
}

func reset(s *state) error {
	s.Enabled, s.toxics = true, nil
	s.Dark = [2]time.Duration{}
	return nil
}

// Close closes all proxies, for good, and waits for the scenarios that they play.
// Closing again does nothing.
func (f *Fleet) Close() {
	for _, m := range f.closeAll() {
		if b := m.proxy.Playback(); b != nil {
			<-b.Ended() // it may have waited for f.changes
		}
	}
}

func (f *Fleet) closeAll() map[string]*member {
	f.changes.Lock()
	defer f.changes.Unlock()
	f.mu.Lock()
	all := f.members
	f.members, f.closed = make(map[string]*member), true
	f.mu.Unlock()
	for _, m := range all {
		m.close()
	}
	return all
}

func notFound(name string) error { return fmt.Errorf("%w: %q", ErrNotFound, name) }

// room says why no proxy of that name can be opened, if so.
func (f *Fleet) room(name string) error {
	switch {
	case f.closed:
		return errClosed
	case f.members[name] != nil:
		return fmt.Errorf("%w: %q", ErrExists, name)
	case len(f.members) >= MaxProxies:
		return fmt.Errorf("%w: %d are open, which is the most", errTooMany, MaxProxies)
	}
	return nil
}

var errTooMany = errors.New("too many proxies")

// open opens a proxy that nobody sees yet.
func (f *Fleet) open(name string, c proxy.Config) (*member, error) {
	if err := f.prepare(name, &c); err != nil {
		return nil, err
	}
	p, err := proxy.New(c)
	if err != nil {
		return nil, err
	}
	m := &member{name: name, proxy: p, base: c.Config}
	for _, opened := range f.opened {
		if closed := opened(name, p); closed != nil {
			m.retire = append(m.retire, closed)
		}
	}
	return m, nil
}

// enter lets everybody see a proxy, in place of another of its name.
func (f *Fleet) enter(m *member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.members[m.name] = m
}

func (f *Fleet) leave(m *member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.members, m.name)
}

// close ends a proxy that nobody finds any more.
func (m *member) close() {
	m.proxy.Close()
	for _, closed := range m.retire {
		closed()
	}
}
