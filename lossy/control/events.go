package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"udplab/lossy/settings"
)

// EventKind is what an event is about. It is the event's name in a stream.
type EventKind string

// The kinds of events, and what their details are.
const (
	EventCreated  EventKind = "created"  // {"listen", "upstream"}
	EventMoved    EventKind = "moved"    // to another listen address: the same
	EventRemoved  EventKind = "removed"  // no details
	EventChanged  EventKind = "changed"  // {"fields": {name: {"was", "is"}}}
	EventEnabled  EventKind = "enabled"  // no details
	EventDisabled EventKind = "disabled" // no details
	EventBlackout EventKind = "blackout" // {"direction", "for"}, "0s" ends one
	EventRebind   EventKind = "rebind"   // {"flows"}
	EventScenario EventKind = "scenario" // a step of a scenario, but for points of ramps: as the decision log has it

	// Made for one stream alone. They have no id.
	EventStats  EventKind = "stats"   // as GET /proxies/{name}/stats, if the stream asks for it
	EventLate   EventKind = "late"    // {"error"}: datagrams begin to leave too late, see proxy.Ready
	EventOnTime EventKind = "on-time" // they do no more
	EventMissed EventKind = "missed"  // {"why"}: events lie between the last one had and the next
)

// EventSchema is the schema of the data of every event.
const EventSchema = "udplab/api-event/v1"

// Limits of streams.
const (
	// MaxStreams is how many may be open at a time.
	MaxStreams = 16
	// maxBehind is how many events a stream may be behind; one that is further is
	// ended.
	maxBehind = 64
	// maxRecent is how many events are kept for those who come back.
	maxRecent = 256
	// maxDetails is how many bytes of details an event has. More are left out.
	maxDetails = 64 << 10
)

// errStreams is why no more streams are opened.
var errStreams = fmt.Errorf("%d event streams are open, which is the most", MaxStreams)

// Events is what happens to the proxies of a fleet, for those who watch: an event
// goes to every stream that is open, and none of them can hold up whoever
// published it. Safe for concurrent use.
type Events struct {
	now func() time.Time
	run string // tells the ids of this process from those of another

	mu       sync.Mutex
	last     uint64            // number of the latest event
	recent   []event           // the latest, in their order
	watching map[*watch]string // by what proxy, empty = all
	attached map[string]int    // how many proxies of a name there are
}

// event is one event as it goes over the wire.
type event struct {
	number uint64
	proxy  string
	frame  []byte
}

// watch is a stream as the events see it.
type watch struct {
	queue   chan event
	dropped chan struct{} // closed when the stream was too far behind
}

func newEvents(now func() time.Time) *Events {
	return &Events{
		now: now, run: strconv.FormatInt(now().UnixMilli(), 36),
		watching: make(map[*watch]string), attached: make(map[string]int),
	}
}

// eventData is the data of an event.
type eventData struct {
	Schema  string          `json:"schema"`
	ID      string          `json:"id,omitempty"`
	Time    time.Time       `json:"time"`
	Event   EventKind       `json:"event"`
	Proxy   string          `json:"proxy,omitempty"`
	Details json.RawMessage `json:"details,omitempty"`
}

// Publish tells every stream of something that happened to a proxy. The details
// are anything that encoding/json writes, or nil; more than 64 KiB of them are
// left out. It never waits for a stream.
func (e *Events) Publish(kind EventKind, proxy string, details any) error {
	raw, err := encodeDetails(details)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last++
	made := event{e.last, proxy, e.frame(e.id(e.last), kind, proxy, raw)}
	if len(e.recent) == maxRecent {
		e.recent = append(e.recent[:0], e.recent[1:]...)
	}
	e.recent = append(e.recent, made)
	for w, of := range e.watching {
		if of != "" && of != proxy {
			continue
		}
		select {
		case w.queue <- made:
		default:
			delete(e.watching, w)
			close(w.dropped)
		}
	}
	return nil
}

func encodeDetails(details any) (json.RawMessage, error) {
	if details == nil {
		return nil, nil
	}
	raw, err := settings.Marshal(details)
	if err != nil {
		return nil, err
	}
	if len(raw) > maxDetails {
		return settings.Marshal(struct {
			LeftOut int `json:"left_out_bytes"`
		}{len(raw)})
	}
	return raw, nil
}

func (e *Events) id(number uint64) string { return e.run + "-" + strconv.FormatUint(number, 10) }

// frame writes an event as a stream has it (HTML standard, section 9.2). JSON on
// one line has no line feed to break it.
func (e *Events) frame(id string, kind EventKind, proxy string, details json.RawMessage) []byte {
	data, err := settings.Marshal(eventData{EventSchema, id, e.now().UTC(), kind, proxy, details})
	if err != nil {
		panic("BUG: an event that is no JSON: " + err.Error())
	}
	var b []byte
	if id != "" {
		b = fmt.Appendf(b, "id: %s\n", id)
	}
	return fmt.Appendf(b, "event: %s\ndata: %s\n", kind, data) // data ends with a line feed
}

// watch begins a stream of the events of one proxy, or of all if the name is
// empty. after is the id of the last event that the client had, empty if it had
// none; what came since is returned, and missed says that there may be more.
func (e *Events) watch(proxy, after string) (w *watch, since []event, missed bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.watching) >= MaxStreams {
		return nil, nil, false, errStreams
	}
	if after != "" {
		since, missed = e.since(proxy, after)
	}
	w = &watch{queue: make(chan event, maxBehind), dropped: make(chan struct{})}
	e.watching[w] = proxy
	return w, since, missed, nil
}

// since returns the events behind an id. One of another process, or so old that
// it is forgotten, stands before all that are kept.
func (e *Events) since(proxy, after string) (since []event, missed bool) {
	had, err := e.number(after)
	if err != nil || had > e.last {
		had, missed = 0, true
	}
	if len(e.recent) > 0 && e.recent[0].number > had+1 {
		missed = true
	}
	for _, one := range e.recent {
		if one.number > had && (proxy == "" || one.proxy == proxy) {
			since = append(since, one)
		}
	}
	return since, missed
}

func (e *Events) number(id string) (uint64, error) {
	run, number, found := strings.Cut(id, "-")
	if !found || run != e.run {
		return 0, errors.New("an id of another process")
	}
	return strconv.ParseUint(number, 10, 64)
}

// unwatch ends a stream. Ending it again does nothing.
func (e *Events) unwatch(w *watch) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.watching, w)
}
