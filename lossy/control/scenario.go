package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"udplab/lossy"
	"udplab/lossy/proxy"
	"udplab/lossy/scenario"
	"udplab/lossy/settings"
)

// Play begins a scenario on a proxy, in place of one that is being played; see
// proxy.Proxy.Play. It moves the settings that Change changes, and leaves toxics
// alone. It ends when the proxy goes, or moves to another address.
func (f *Fleet) Play(name string, s *scenario.Scenario) (*proxy.Playback, error) {
	p := f.Proxy(name)
	if p == nil {
		return nil, notFound(name)
	}
	heard := func(n scenario.Note) {
		if n.Move == nil { // of points of ramps and waves there are many, and EventChanged tells them
			f.events.tell(EventScenario, name, n)
		}
	}
	return p.Play(s, proxy.PlayOptions{Heard: heard, Change: func(edit func(*proxy.Settings) error) error {
		f.changes.Lock()
		defer f.changes.Unlock()
		m := f.members[name]
		if m == nil || m.proxy != p {
			return notFound(name)
		}
		return f.apply(m, func(s *state) error { return edit(&s.Settings) })
	}})
}

// errNoScenario is what there is to say of a scenario where none is played.
var errNoScenario = fmt.Errorf("%w: none is played, POST one", errScenario)

var errScenario = errors.New("scenario not found")

// ScenarioReport is a scenario as GET /proxies/{name}/scenario shows it.
type ScenarioReport struct {
	Schema   string             `json:"schema"` // udplab/scenario-state/v1
	Proxy    string             `json:"proxy"`
	State    string             `json:"state"` // "playing", "done" or "stopped"
	Elapsed  string             `json:"elapsed"`
	Step     string             `json:"step"`             // that changed something last, by its path
	Next     string             `json:"next,omitempty"`   // when the next change is due, as elapsed counts
	Length   string             `json:"length,omitempty"` // when it ends, if a time says so
	Changes  uint64             `json:"changes"`          // that were made
	Failed   uint64             `json:"failed"`           // that could not be made
	Error    string             `json:"error,omitempty"`  // why the last of them could not
	Scenario *scenario.Scenario `json:"scenario"`
}

// ReportScenario describes what is played on a proxy, or was played last; false if
// nothing was.
func ReportScenario(name string, p *proxy.Proxy) (ScenarioReport, bool) {
	b := p.Playback()
	if b == nil {
		return ScenarioReport{}, false
	}
	s := b.State()
	r := ScenarioReport{
		Schema: "udplab/scenario-state/v1", Proxy: name, State: "playing", Elapsed: s.Elapsed.String(), Step: s.Step,
		Changes: s.Changes, Failed: s.Failed, Scenario: b.Scenario(),
	}
	switch {
	case s.Done:
		r.State = "done"
	case s.Stopped:
		r.State = "stopped"
	case s.Next > 0:
		r.Next = s.Next.String()
	}
	if length, known := b.Scenario().Length(); known {
		r.Length = length.String()
	}
	if s.Err != nil {
		r.Error = s.Err.Error()
	}
	return r, true
}

// scenario tells of what is played.
func (a api) scenario(w http.ResponseWriter, _ *http.Request, name string, p *proxy.Proxy) {
	report, played := ReportScenario(name, p)
	if !played {
		fail(w, errNoScenario)
		return
	}
	answer(w, report)
}

// play begins a scenario and answers with it.
func (a api) play(w http.ResponseWriter, r *http.Request, name string, p *proxy.Proxy) {
	body, status, err := readSettings(w, r)
	if err != nil {
		refuse(w, status, err)
		return
	}
	s, err := scenario.Parse(body)
	if err == nil {
		_, err = a.fleet.Play(name, s)
	}
	if err != nil {
		fail(w, err)
		return
	}
	a.scenario(w, r, name, p)
}

// stop ends the scenario where it is. The settings stay, or, with ?restore=true, are
// put back to what they were when it began.
func (a api) stop(w http.ResponseWriter, r *http.Request, name string, p *proxy.Proxy) {
	b := p.Playback()
	if b == nil {
		fail(w, errNoScenario)
		return
	}
	var err error
	switch restore := r.URL.Query().Get("restore"); restore {
	case "", "false":
		b.Stop()
	case "true":
		err = b.Restore()
	default:
		err = fmt.Errorf("restore=%q: want true or false", restore)
	}
	if err != nil {
		fail(w, err)
		return
	}
	a.scenario(w, r, name, p)
}

// addScenario reads the scenario of a document; null is none.
func (d *document) addScenario(m settings.Member) (err error) {
	if string(m.Value) != "null" {
		d.scenario, err = scenario.Parse(m.Value)
	}
	return settings.Within(m.Name, err)
}

// checkScenario says why the scenario of a document cannot be played over a
// network, if so.
func (d *document) checkScenario(base lossy.Config, names settings.Names) error {
	if d.scenario == nil {
		return nil
	}
	_, err := d.scenario.StartKnowing(base, names)
	return settings.Within("scenario", err)
}

// resolveScenario looks the addresses up that a scenario leads to.
func (d *document) resolveScenario() error {
	if d.scenario == nil {
		return nil
	}
	for path, address := range d.scenario.Upstreams() {
		if _, err := proxy.ParseUpstream(address); err != nil {
			return settings.Within("scenario", &settings.FieldError{Field: path + ".upstream", Err: err})
		}
	}
	return nil
}

// playDocument has a proxy play what a document says, unless it does already. Where
// the document is all that the proxy is to be, one without a scenario ends what is
// played.
func (f *Fleet) playDocument(name string, d *document, whole bool) error {
	p := f.Proxy(name)
	if p == nil || d.scenario == nil && !whole && !d.given["scenario"] {
		return nil
	}
	b := p.Playback()
	switch {
	case d.scenario == nil && b == nil:
		return nil
	case d.scenario == nil:
		b.Stop()
		return nil
	case b != nil && b.Scenario().String() == d.scenario.String() && !b.State().Stopped:
		return nil // a document says what is to be, not what is to begin
	}
	_, err := f.Play(name, d.scenario)
	return settings.Within("scenario", err)
}

// goingOn is an edit that leaves alone what the scenario at play has moved, if the
// document has that scenario, and the settings that it began with: putting the same
// again changes nothing.
func goingOn(p *proxy.Proxy, s *scenario.Scenario, edit func(*state) error) func(*state) error {
	b := p.Playback()
	if s == nil || b == nil || b.State().Stopped || b.Scenario().String() != s.String() {
		return edit
	}
	base := b.Base()
	return func(now *state) error {
		moved := now.Settings
		if err := edit(now); err != nil {
			return err
		}
		if now.Network.Up == base.Network.Up && now.Network.Down == base.Network.Down && now.Upstream == base.Upstream && now.Enabled == base.Enabled {
			seed := now.Network.Seed
			now.Network, now.Upstream, now.Enabled = moved.Network, moved.Upstream, moved.Enabled
			now.Network.Seed = seed
		}
		return nil
	}
}

// playing is the scenario that a proxy plays, for reports.
func playing(p *proxy.Proxy) json.RawMessage {
	b := p.Playback()
	if b == nil {
		return nil
	}
	if s := b.State(); s.Done || s.Stopped {
		return nil
	}
	return json.RawMessage(b.Scenario().String())
}
