package control

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"udplab/lossy"
	"udplab/lossy/control/access"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// NewHandler serves a fleet behind the guards of the package doc, to whom the
// rules let ask.
func NewHandler(f *Fleet, rules access.Rules) http.Handler {
	a := api{f}
	mux := http.NewServeMux()
	mux.Handle("/proxies", methods{http.MethodGet: a.list, http.MethodPost: a.create, http.MethodPut: a.put})
	mux.Handle("/proxies/{name}", methods{
		http.MethodGet: a.one(a.show), http.MethodPatch: a.one(a.change), http.MethodPost: a.one(a.update), http.MethodDelete: a.remove,
	})
	mux.Handle("/proxies/{name}/blackout", methods{http.MethodPost: a.one(a.blackout)})
	mux.Handle("/proxies/{name}/flows", methods{http.MethodGet: a.one(flows)})
	mux.Handle("/proxies/{name}/events", methods{http.MethodGet: a.one(a.eventsOfOne)})
	mux.Handle("/events", methods{http.MethodGet: a.eventsOfAll})
	mux.Handle("/proxies/{name}/stats", methods{http.MethodGet: a.one(stats)})
	mux.Handle("/proxies/{name}/rebind", methods{http.MethodPost: a.one(rebind)})
	mux.Handle("/proxies/{name}/scenario", methods{
		http.MethodGet: a.one(a.scenario), http.MethodPost: a.one(a.play), http.MethodDelete: a.one(a.stop),
	})
	mux.Handle("/proxies/{name}/toxics", methods{http.MethodGet: a.one(a.toxics), http.MethodPost: a.one(a.addToxic)})
	mux.Handle("/proxies/{name}/toxics/{toxic}", methods{
		http.MethodGet: a.one(a.toxic), http.MethodPatch: a.one(a.updateToxic), http.MethodPost: a.one(a.updateToxic), http.MethodDelete: a.one(a.removeToxic),
	})
	mux.Handle("/populate", methods{http.MethodPost: a.populate})
	mux.Handle("/version", methods{http.MethodGet: showVersion})
	mux.Handle("/reset", methods{http.MethodPost: a.reset})
	mux.Handle("/presets", methods{http.MethodGet: listPresets})
	mux.Handle("/presets/{name}", methods{http.MethodGet: showPreset})
	mux.Handle("/ready", methods{http.MethodGet: a.ready})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, fmt.Errorf("no such path, try GET /proxies"))
	})
	return guard(mux, rules)
}

type api struct{ fleet *Fleet }

func (a api) list(w http.ResponseWriter, _ *http.Request) { answer(w, a.fleet.Reports()) }

// ready fails if any proxy does not keep its times.
func (a api) ready(w http.ResponseWriter, _ *http.Request) {
	if err := a.fleet.Ready(); err != nil {
		refuse(w, http.StatusServiceUnavailable, err)
		return
	}
	answer(w, struct {
		Ready bool `json:"ready"`
	}{true})
}

// one finds the proxy that the path names.
func (a api) one(serve func(http.ResponseWriter, *http.Request, string, *proxy.Proxy)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		p := a.fleet.Proxy(name)
		if p == nil {
			fail(w, notFound(name))
			return
		}
		serve(w, r, name, p)
	}
}

func (a api) show(w http.ResponseWriter, _ *http.Request, name string, _ *proxy.Proxy) {
	a.tell(w, http.StatusOK, name)
}

// tell answers with a proxy as it is.
func (a api) tell(w http.ResponseWriter, status int, name string) {
	report, err := a.fleet.Report(name)
	if err != nil {
		fail(w, err)
		return
	}
	write(w, status, report)
}

func stats(w http.ResponseWriter, _ *http.Request, name string, p *proxy.Proxy) {
	s := p.Stats()
	answer(w, struct {
		Schema string `json:"schema"`
		Name   string `json:"name"`
		StatsReport
	}{"udplab/proxy-stats/v1", name, ReportStats(&s)})
}

// create opens a proxy.
func (a api) create(w http.ResponseWriter, r *http.Request) {
	body, status, err := readSettings(w, r)
	if err != nil {
		refuse(w, status, err)
		return
	}
	s, err := ParseSpec(body)
	if err == nil {
		_, err = a.fleet.Create(s)
	}
	if err != nil {
		fail(w, err)
		return
	}
	a.tell(w, http.StatusCreated, s.Name)
}

// change applies a PATCH, all of it or nothing, and answers as show does.
func (a api) change(w http.ResponseWriter, r *http.Request, name string, _ *proxy.Proxy) {
	a.changeBut(w, r, name, "")
}

// update is what toxiproxy had before PATCH. Its client libraries send whole
// proxies, with the toxics they happen to know of, so these are left as they are.
func (a api) update(w http.ResponseWriter, r *http.Request, name string, _ *proxy.Proxy) {
	a.changeBut(w, r, name, "toxics")
}

func (a api) changeBut(w http.ResponseWriter, r *http.Request, name, but string) {
	body, status, err := readSettings(w, r)
	if err != nil {
		refuse(w, status, err)
		return
	}
	d, err := parsePatch(name, body)
	if err == nil {
		delete(d.given, but)
		err = a.fleet.patch(name, d)
	}
	if err != nil {
		fail(w, err)
		return
	}
	a.tell(w, http.StatusOK, name)
}

// parsePatch reads what is to change of a proxy.
func parsePatch(name string, body []byte) (*document, error) {
	d, err := parseDocument(body)
	switch {
	case err != nil:
		return nil, err
	case len(d.given) == 0:
		return nil, errors.New("nothing to change: the object is empty")
	case d.given["name"] && d.name != name:
		return nil, settings.Within("name", fmt.Errorf("cannot be changed while the proxy runs, it is %q", name))
	}
	return d, d.resolve()
}

// remove closes a proxy.
func (a api) remove(w http.ResponseWriter, r *http.Request) {
	if err := a.fleet.Remove(r.PathValue("name")); err != nil {
		fail(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// put makes the fleet what the body says and answers as list does.
func (a api) put(w http.ResponseWriter, r *http.Request) {
	if _, ok := a.readState(w, r, a.fleet.Put); ok {
		answer(w, a.fleet.Reports())
	}
}

// populate is put that closes nothing, and answers with the proxies it was given.
func (a api) populate(w http.ResponseWriter, r *http.Request) {
	specs, ok := a.readState(w, r, a.fleet.Populate)
	if !ok {
		return
	}
	reports := []ProxyReport{}
	for _, s := range specs {
		if report, err := a.fleet.Report(s.Name); err == nil { // it may have gone already
			reports = append(reports, report)
		}
	}
	write(w, http.StatusCreated, struct {
		Proxies []ProxyReport `json:"proxies"`
	}{reports})
}

// readState reads several proxies and hands them over, or answers with why not.
func (a api) readState(w http.ResponseWriter, r *http.Request, use func([]Spec) error) ([]Spec, bool) {
	body, status, err := readSettings(w, r)
	if err != nil {
		refuse(w, status, err)
		return nil, false
	}
	specs, err := ParseSpecs(body)
	if err == nil {
		err = use(specs)
	}
	if err != nil {
		fail(w, err)
		return nil, false
	}
	return specs, true
}

// reset enables every proxy and takes its toxics. It needs no body.
func (a api) reset(w http.ResponseWriter, r *http.Request) {
	if err := checkMediaType(r); err != nil && fromBrowser(r) {
		refuse(w, http.StatusUnsupportedMediaType, err)
		return
	}
	if err := a.fleet.Reset(); err != nil {
		fail(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// rebind ends the NAT mappings of a proxy.
func rebind(w http.ResponseWriter, r *http.Request, name string, p *proxy.Proxy) {
	body, status, err := readJSON(w, r)
	if err != nil {
		refuse(w, status, err)
		return
	}
	if members, err := settings.ParseObject(body); err != nil || len(members) > 0 {
		refuse(w, http.StatusBadRequest, errors.New("want an empty JSON object, {}"))
		return
	}
	answer(w, struct {
		Name  string `json:"name"`
		Flows int    `json:"flows"` // that get another port
	}{name, p.Rebind()})
}

// methods dispatches on the method and refuses the others in the API's own
// error form. HEAD is GET without a body.
type methods map[string]http.HandlerFunc

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	serve := m[method]
	if serve == nil {
		allowed := strings.Join(slices.Sorted(maps.Keys(m)), ", ")
		w.Header().Set("Allow", allowed)
		refuse(w, http.StatusMethodNotAllowed, fmt.Errorf("method %q not allowed here, only %s", r.Method, allowed))
		return
	}
	serve(w, r)
}

func answer(w http.ResponseWriter, v any) { write(w, http.StatusOK, v) }

// fail answers with an error of the fleet, and the status it has in toxiproxy.
func fail(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrToxicNotFound), errors.Is(err, errScenario):
		status = http.StatusNotFound
	case errors.Is(err, ErrExists), errors.Is(err, ErrToxicExists), errors.Is(err, ErrToxicConflict), errors.Is(err, errTooMany), refusedBySystem(err):
		status = http.StatusConflict
	case errors.Is(err, errClosed):
		status = http.StatusServiceUnavailable
	}
	refuse(w, status, hinted(err, knownFields(err)))
}

// refuse answers with an error in toxiproxy's form.
func refuse(w http.ResponseWriter, status int, err error) {
	write(w, status, struct {
		Error  string `json:"error"`
		Status int    `json:"status"`
	}{shortened(explained(err)), status})
}

// explained is what an error says, and what to do about it where the client can.
func explained(err error) string {
	if errors.Is(err, lossy.ErrNamesFile) {
		return err.Error() + `: send what is in it too, as {"value": ..., "content": ...}`
	}
	return err.Error()
}

func write(w http.ResponseWriter, status int, v any) {
	b, err := settings.Marshal(v)
	if err != nil {
		panic("BUG: a report that is no JSON: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// Whoever asked may be gone; there is nobody else to tell.
	_, _ = w.Write(b)
}
