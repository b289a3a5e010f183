package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"udplab/lossy/control"
	"udplab/lossy/proxy"
)

// proxySession is one run of `udplab proxy` as the user sees it, from the
// first line to the summary. The proxy of the flags is the first; the API may
// open others, and close it.
type proxySession struct {
	name  string // of the first; empty where they are those of a file, which has no first
	fleet *control.Fleet
	say   *say
	now   func() time.Time
	begun time.Time

	watched map[string]*watched // by name
	records []record            // that the session writes

	hangups <-chan os.Signal // each has reload called; nil = none comes
	reload  func()
	dark    chan darkness

	last map[string]control.ProxyReport // how they were in the end

	mu      sync.Mutex
	proxies map[string]*proxy.Proxy // those that are open, and from end on those that were
	seeds   map[*proxy.Proxy]*seeds
	served  map[*proxy.Proxy]int // flows at the end
	closed  int                  // how many have closed before
	total   proxy.Stats          // of these
	ended   bool
}

// newProxySession returns a session that knows every proxy that is opened from
// now on.
func newProxySession(name string, fleet *control.Fleet, say *say, now func() time.Time) *proxySession {
	s := &proxySession{
		name: name, fleet: fleet, say: say, now: now, begun: now(),
		watched: make(map[string]*watched), proxies: make(map[string]*proxy.Proxy),
		seeds: make(map[*proxy.Proxy]*seeds), served: make(map[*proxy.Proxy]int),
		dark: make(chan darkness, 16),
	}
	fleet.OnOpen(s.opened)
	return s
}

// opened takes in a proxy, and returns what takes in what it did when it closes.
func (s *proxySession) opened(name string, p *proxy.Proxy) func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proxies[name] = p
	s.seeds[p] = watchSeeds(p)
	s.watchDarkness(name, p)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.ended {
			return
		}
		s.closed++
		delete(s.seeds, p)
		stats := p.Stats()
		s.total.Add(&stats)
		if s.proxies[name] == p { // not another that took its place
			delete(s.proxies, name)
		}
	}
}

// all are the names and proxies at this moment, the first in front.
func (s *proxySession) all() (names []string, proxies map[string]*proxy.Proxy) {
	s.mu.Lock()
	defer s.mu.Unlock()
	proxies = maps.Clone(s.proxies)
	names = slices.Sorted(maps.Keys(proxies))
	if at := slices.Index(names, s.name); at > 0 {
		names = slices.Insert(slices.Delete(names, at, at+1), 0, s.name)
	}
	return names, proxies
}

// announce says where the proxies listen and what they do.
func (s *proxySession) announce(api *control.Server) {
	names, proxies := s.all()
	for _, name := range names {
		s.announceProxy(name, proxies[name])
	}
	if api != nil {
		s.say.note("%s", strings.TrimRight("API "+api.URL()+"/proxies/"+s.name, "/"))
	}
}

func (s *proxySession) announceProxy(name string, p *proxy.Proxy) {
	which := s.label(name)
	network := p.Config()
	s.say.note("%slistening on %s, upstream %s, seed %d", which, p.Addr(), p.Upstream(), network.Seed)
	way := fmt.Sprintf("up: %s; down: %s", network.Up, network.Down)
	if network.Up == network.Down {
		way = fmt.Sprintf("each way: %s", network.Up)
	}
	if nat := p.Settings().NAT.String(); nat != "" {
		way += "; " + nat
	}
	if !p.Enabled() {
		way += "; disabled, which drops everything"
	}
	s.say.note("%snetwork %s", which, way)
	for _, w := range p.Warnings() {
		s.say.warn("%s%s", which, w)
	}
	if name == s.name {
		return // what the flags say was told, in their words
	}
	if report, err := s.fleet.Report(name); err == nil {
		for _, w := range report.Warnings {
			s.say.warn("%s%s", which, w)
		}
	}
}

// label is what a line about a proxy begins with; the first needs none.
func (s *proxySession) label(name string) string {
	if name == s.name {
		return ""
	}
	return fmt.Sprintf("proxy %q: ", name)
}

// watch shows the proxies at work until the context ends.
func (s *proxySession) watch(ctx context.Context, format *outputFormat) error {
	every := liveEvery
	if format.is(formatJSONL) {
		every = eventEvery
		if err := s.listening(); err != nil {
			return err
		}
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.hangups:
			s.reload()
			continue
		case d := <-s.dark:
			s.tellDarkness(d)
			continue
		case <-ticker.C:
		}
		s.check()
		if format.is(formatJSONL) {
			if err := s.event("running"); err != nil {
				return err
			}
		}
		s.say.progress("%s", s.live())
	}
}

// listening tells of each proxy that is open in the beginning.
func (s *proxySession) listening() error {
	names, _ := s.all()
	for _, name := range names {
		report, err := s.fleet.Report(name)
		if errors.Is(err, control.ErrNotFound) {
			continue // the API was quicker
		}
		if err != nil {
			return err
		}
		if err := s.say.event(proxyEvent{Schema: proxyEventSchema, Event: "listening", Proxy: &report}); err != nil {
			return err
		}
	}
	return nil
}

func (s *proxySession) event(name string) error {
	summary := s.summary()
	return s.say.event(proxyEvent{Schema: proxyEventSchema, Event: name, Summary: &summary})
}

// live is the line that moves on a terminal: the sum over all proxies.
func (s *proxySession) live() string {
	names, proxies := s.all()
	var total proxy.Stats
	for _, p := range proxies {
		stats := p.Stats()
		total.Add(&stats)
	}
	direction := func(d *proxy.DirectionStats) string {
		return fmt.Sprintf("in %d out %d drop %d", d.PacketsReceived, d.PacketsSent, dropped(d))
	}
	line := fmt.Sprintf("flows %d  up %s  down %s", total.Flows, direction(&total.Up), direction(&total.Down))
	if len(names) != 1 {
		line = fmt.Sprintf("proxies %d  %s", len(names), line)
	}
	return line
}

// drain lets out what is in flight, as far as that takes no longer than drainLimit.
func (s *proxySession) drain() {
	_, proxies := s.all()
	var waiting uint64
	for _, p := range proxies {
		stats := p.Stats()
		waiting += stats.Up.Link.PacketsInFlight + stats.Down.Link.PacketsInFlight
	}
	if waiting > 0 {
		s.say.note("waiting up to %v for %d datagrams in flight; Ctrl-C again leaves at once", drainLimit, waiting)
	}
	ctx, cancel := context.WithTimeout(context.Background(), drainLimit)
	defer cancel()
	var all sync.WaitGroup
	for _, p := range proxies {
		all.Go(func() { _ = p.Drain(ctx) }) // what has not left by then is counted as in flight
	}
	all.Wait()
}

// end drains and closes all proxies, of which the session keeps what they did.
func (s *proxySession) end() {
	s.drain()
	s.last = s.fleet.Reports()
	s.mu.Lock()
	s.ended = true
	for _, p := range s.proxies {
		s.served[p] = p.Stats().Flows
	}
	s.mu.Unlock()
	s.fleet.Close()
	s.check()
}
