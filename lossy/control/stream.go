package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// Times of a stream.
const (
	// MinStatsEvery and MaxStatsEvery are how often ?stats= may have the counts
	// told.
	MinStatsEvery = 250 * time.Millisecond
	MaxStatsEvery = time.Hour

	streamWrite = 5 * time.Second  // in which a client takes what it is sent
	streamEnd   = time.Second      // in which it takes the end of the stream
	streamPulse = time.Second      // how often it is looked whether proxies are late
	streamAlive = 15 * time.Second // how often something is sent, so that who is gone is noticed
)

// source is what a stream asks a proxy for.
type source interface {
	Stats() proxy.Stats
	Ready() error
}

// named is a proxy by its name.
type named struct {
	name string
	source
}

// sources are the proxies that a stream is about, those of the moment.
func (a api) sources(name string) func() []named {
	return func() (all []named) {
		names := a.fleet.Names()
		if name != "" {
			names = []string{name}
		}
		for _, name := range names {
			if p := a.fleet.Proxy(name); p != nil {
				all = append(all, named{name, p})
			}
		}
		return all
	}
}

func (a api) eventsOfAll(w http.ResponseWriter, r *http.Request) {
	serveStream(w, r, a.fleet.events, "", a.sources(""))
}

func (a api) eventsOfOne(w http.ResponseWriter, r *http.Request, name string, _ *proxy.Proxy) {
	serveStream(w, r, a.fleet.events, name, a.sources(name))
}

// serveStream sends events as they happen (server-sent events, HTML standard,
// section 9.2), until the client goes, falls behind, or the context ends, as it
// does when the server is closed.
func serveStream(w http.ResponseWriter, r *http.Request, e *Events, of string, sources func() []named) {
	every, err := readStream(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	// A page of another origin may not read it, but could hold all streams.
	asChange := *r
	asChange.Method = http.MethodPost
	if err := http.NewCrossOriginProtection().Check(&asChange); err != nil {
		refuse(w, http.StatusForbidden, errors.New("cross-origin request refused"))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	watch, since, missed, err := e.watch(of, r.Header.Get("Last-Event-ID"))
	if err != nil {
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, err)
		return
	}
	defer e.unwatch(watch)
	s := &stream{ctx: r.Context(), out: w, control: http.NewResponseController(w), events: e, watch: watch, sources: sources}
	// The server's limits are for requests that end. Whoever serves without
	// deadlines has none to move.
	if err := s.control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return
	}
	// The end must not wait long for a client that has stopped reading, even in
	// the midst of an event. Where there is no deadline to set, it does.
	end := func() { _ = s.control.SetWriteDeadline(e.now().Add(streamEnd)) }
	defer context.AfterFunc(s.ctx, end)()
	if s.begin(since, missed) == nil {
		s.run(every)
	}
	end()
}

// readStream reads how often a stream has counts, 0 for never.
func readStream(r *http.Request) (every time.Duration, err error) {
	query, err := readQuery(r, "stats")
	if err != nil || query["stats"] == "" {
		return 0, err
	}
	every, err = lossy.ParseDuration(query["stats"])
	if err != nil {
		return 0, fmt.Errorf("stats: %w", err)
	}
	if every < MinStatsEvery || every > MaxStatsEvery {
		return 0, fmt.Errorf("stats %v: must be between %v and %v", every, MinStatsEvery, MaxStatsEvery)
	}
	return every, nil
}

// stream is one client.
type stream struct {
	ctx     context.Context
	out     http.ResponseWriter
	control *http.ResponseController
	events  *Events
	watch   *watch
	sources func() []named
	late    map[string]bool // proxies that do not keep their times, and the client knows
	sent    time.Time       // when anything was last sent
}

// begin sends the head, so that the client knows what it will hear of, and what
// it has not had.
func (s *stream) begin(since []event, missed bool) error {
	if err := s.send([]byte(": events of udplab\nretry: 2000\n\n")); err != nil {
		return err
	}
	if missed {
		err := s.tell(EventMissed, "", struct {
			Why string `json:"why"`
		}{"the last event you had is forgotten, or of another run: ask for the state anew"})
		if err != nil {
			return err
		}
	}
	for _, one := range since {
		if err := s.send(one.frame); err != nil {
			return err
		}
	}
	return nil
}

// run sends until the context ends, or until the client cannot be sent to.
func (s *stream) run(every time.Duration) {
	pulse := time.NewTicker(streamPulse)
	defer pulse.Stop()
	var counts <-chan time.Time
	if every > 0 {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		counts = ticker.C
	}
	for {
		var err error
		select {
		case <-s.ctx.Done():
			return
		case <-s.watch.dropped:
			return
		case one := <-s.watch.queue:
			err = s.send(one.frame)
		case <-counts:
			err = s.tellCounts()
		case <-pulse.C:
			err = s.beat()
		}
		if err != nil {
			return
		}
	}
}

func (s *stream) tellCounts() error {
	for _, p := range s.sources() {
		stats := p.Stats()
		if err := s.tell(EventStats, p.name, ReportStats(&stats)); err != nil {
			return err
		}
	}
	return nil
}

// beat tells of proxies that begin or cease to be late, and sends something if
// nothing was for a while.
func (s *stream) beat() error {
	known := s.late
	s.late = make(map[string]bool) // without those that are gone
	for _, p := range s.sources() {
		var told error
		late := p.Ready()
		if late != nil {
			s.late[p.name] = true
		}
		switch {
		case late != nil && !known[p.name]:
			told = s.tell(EventLate, p.name, struct {
				Error string `json:"error"`
			}{late.Error()})
		case late == nil && known[p.name]:
			told = s.tell(EventOnTime, p.name, nil)
		}
		if told != nil {
			return told
		}
	}
	if s.events.now().Sub(s.sent) >= streamAlive {
		return s.send([]byte(":\n\n"))
	}
	return nil
}

// tell sends an event of this stream alone.
func (s *stream) tell(kind EventKind, proxy string, details any) error {
	raw, err := encodeDetails(details)
	if err != nil {
		return err
	}
	return s.send(s.events.frame("", kind, proxy, raw))
}

// send has the client take something in the time for it.
func (s *stream) send(b []byte) error {
	s.sent = s.events.now()
	if err := s.control.SetWriteDeadline(s.sent.Add(streamWrite)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	// An end since then has set a deadline that is to stand, or is seen here.
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if _, err := s.out.Write(b); err != nil {
		return err
	}
	return s.control.Flush()
}
