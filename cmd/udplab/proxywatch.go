package main

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"syscall"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// warnAgain is how long a trouble that goes on is not told of again.
const warnAgain = time.Minute

// loopFlows is how many clients at a time are too many to be clients, if all are
// where the service is and the service answers none.
const loopFlows = 256

// watched is what the user knows of one proxy.
type watched struct {
	late   bool            // it is
	told   map[string]told // of troubles, by what they are
	opened uint64          // flows, when it was looked at before
	heard  uint64          // datagrams of the service, likewise
}

// told is how many datagrams a trouble had taken when it was told of.
type told struct {
	packets uint64
	at      time.Time
}

// trouble is what takes datagrams and is not the network that was asked for.
type trouble struct {
	what    string
	packets uint64
	text    string // what has happened and what to try
}

// check warns of what is wrong with the proxies: each trouble as it begins, and
// while it grows once a minute.
func (s *proxySession) check() {
	s.checkRecords()
	names, proxies := s.all()
	for _, name := range names {
		p := proxies[name]
		w := s.watched[name]
		if w == nil {
			w = &watched{told: make(map[string]told)}
			s.watched[name] = w
		}
		stats := s.statsOf(p)
		s.checkTimes(name, p, w)
		for _, t := range troubles(p, &stats) {
			s.tellTrouble(name, w, t)
		}
		s.checkLoop(name, p, w, &stats)
	}
	maps.DeleteFunc(s.watched, func(name string, _ *watched) bool { return proxies[name] == nil })
}

// record is a file that is written while the proxies run.
type record struct {
	failing func() error
	told    bool
}

// checkRecords says early that a file will not be what was asked for.
func (s *proxySession) checkRecords() {
	for i := range s.records {
		r := &s.records[i]
		if err := r.failing(); err != nil && !r.told {
			r.told = true
			s.say.warn("%v", err)
		}
	}
}

// checkTimes warns when datagrams begin to leave too late, and says when they
// do no more.
func (s *proxySession) checkTimes(name string, p *proxy.Proxy, w *watched) {
	var late *proxy.LateError
	errors.As(p.Ready(), &late)
	switch {
	case late != nil && !w.late:
		s.say.warn("%s%v: this machine is too busy for the delays that were asked for", s.label(name), late)
	case late == nil && w.late:
		s.say.note("%sdatagrams leave on time again", s.label(name))
	}
	w.late = late != nil
}

func (s *proxySession) tellTrouble(name string, w *watched, t trouble) {
	before, known := w.told[t.what]
	if t.packets <= before.packets || known && s.now().Sub(before.at) < warnAgain {
		return
	}
	w.told[t.what] = told{t.packets, s.now()}
	s.say.warn("%s%s", s.label(name), t.text)
}

// troubles lists those of a proxy, also those that have taken nothing.
func troubles(p *proxy.Proxy, stats *proxy.Stats) []trouble {
	var list []trouble
	for _, l := range stats.OwnLosses() {
		list = append(list, trouble{
			fmt.Sprint(l.Direction, " ", l.Cause), l.Packets,
			fmt.Sprintf("%v: this machine lost %d datagrams, not the network you asked for (%s): %s", l.Direction, l.Packets, l.Cause, remedy(l.Cause, p, stats)),
		})
	}
	limit := stats.Up.Dropped[proxy.CauseFlowLimit]
	refused := stats.Up.Refused + stats.Down.Refused
	return append(list,
		trouble{"flow_limit", limit, fmt.Sprintf(
			"%d datagrams were dropped of clients beyond the %d that are served at a time (flow_limit); serve more with --max-flows, or forget them sooner with --idle-timeout",
			limit, stats.Flows)},
		trouble{"refused", refused, fmt.Sprintf(
			"nobody listens on the upstream %v: %d datagrams were refused; start the service there, or give another with --upstream", p.Upstream(), refused)})
}

// remedy is what to do about losses of the machine's.
func remedy(cause string, p *proxy.Proxy, stats *proxy.Stats) string {
	switch cause {
	case proxy.CauseKernelRx.String():
		return fmt.Sprintf("they came faster than they were read and overflowed the socket's %d KiB; send more slowly, or give it more with --buffer and, on Linux, sysctl net.core.rmem_max", stats.ReceiveBuffer>>10)
	case proxy.CauseKernelTx.String():
		return fmt.Sprintf("the system refused to send them; see whether it has a route to %v and to the clients, and whether a firewall forbids it", p.Upstream())
	case proxy.CauseFlowError.String():
		return socketRemedy(p.FlowError(), p.Upstream())
	case lossy.CauseOverload.String():
		return "too many bytes were in flight; shorten the delay or the queue, or send less"
	}
	return "see the summary"
}

// socketRemedy is what to do when the system lets no socket be opened to the service.
func socketRemedy(why error, upstream netip.AddrPort) string {
	none := fmt.Sprintf("no socket could be opened for their clients (%v)", why)
	switch {
	case errors.Is(why, syscall.EMFILE):
		return none + "; allow more files with ulimit -n, or serve fewer clients with --max-flows"
	case errors.Is(why, syscall.ENFILE):
		return none + "; allow the whole system more files, on Linux with sysctl fs.file-max, or serve fewer clients with --max-flows"
	}
	return fmt.Sprintf("%s; see whether there is a route to the upstream %v, or give another with --upstream", none, upstream)
}

// checkLoop looks for what two proxies do that have each other as upstream: each
// datagram becomes a new client of the other, until the tables are full.
func (s *proxySession) checkLoop(name string, p *proxy.Proxy, w *watched, stats *proxy.Stats) {
	opened, heard := stats.FlowsOpened-w.opened, stats.Down.PacketsReceived-w.heard
	w.opened, w.heard = stats.FlowsOpened, stats.Down.PacketsReceived
	if opened < loopFlows || heard > 0 {
		return
	}
	newest, _ := p.Flows(1)
	if len(newest) == 0 || newest[0].Client.Addr() != p.Upstream().Addr() {
		return
	}
	s.tellTrouble(name, w, trouble{"loop", stats.FlowsOpened, fmt.Sprintf(
		"%d clients appeared at once, all where the upstream %v is, which answers none: if that is a proxy whose upstream is this one, every datagram loops; give the address of the service with --upstream",
		opened, p.Upstream())})
}
