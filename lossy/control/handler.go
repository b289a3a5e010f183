package control

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// NewHandler serves the given proxies under their names, behind the guards of
// the package doc. hosts are names that a Host header may have besides
// loopback ones. The map must not change any more.
func NewHandler(proxies map[string]*proxy.Proxy, hosts ...string) http.Handler {
	a := api(proxies)
	mux := http.NewServeMux()
	mux.Handle("/proxies", methods{http.MethodGet: a.list})
	mux.Handle("/proxies/{name}", methods{http.MethodGet: a.one(show), http.MethodPatch: a.one(change)})
	mux.Handle("/proxies/{name}/blackout", methods{http.MethodPost: a.one(blackout)})
	mux.Handle("/proxies/{name}/stats", methods{http.MethodGet: a.one(stats)})
	mux.Handle("/proxies/{name}/rebind", methods{http.MethodPost: a.one(rebind)})
	mux.Handle("/ready", methods{http.MethodGet: a.ready})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, fmt.Errorf("no such path, try GET /proxies"))
	})
	return guard(mux, hosts)
}

type api map[string]*proxy.Proxy

func (a api) list(w http.ResponseWriter, _ *http.Request) {
	all := make(map[string]ProxyReport, len(a))
	for name, p := range a {
		all[name] = ReportProxy(name, p)
	}
	answer(w, all)
}

// ready fails if any proxy does not keep its times; see proxy.Ready.
func (a api) ready(w http.ResponseWriter, _ *http.Request) {
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if err := a[name].Ready(); err != nil {
			refuse(w, http.StatusServiceUnavailable, fmt.Errorf("proxy %q: %w", name, err))
			return
		}
	}
	answer(w, struct {
		Ready bool `json:"ready"`
	}{true})
}

// one finds the proxy that the path names.
func (a api) one(serve func(http.ResponseWriter, *http.Request, string, *proxy.Proxy)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		p := a[name]
		if p == nil {
			refuse(w, http.StatusNotFound, fmt.Errorf("proxy not found: %q", name))
			return
		}
		serve(w, r, name, p)
	}
}

func show(w http.ResponseWriter, _ *http.Request, name string, p *proxy.Proxy) {
	answer(w, ReportProxy(name, p))
}

func stats(w http.ResponseWriter, _ *http.Request, name string, p *proxy.Proxy) {
	s := p.Stats()
	answer(w, struct {
		Schema string `json:"schema"`
		Name   string `json:"name"`
		StatsReport
	}{"udplab/proxy-stats/v1", name, ReportStats(&s)})
}

// change applies a PATCH, all of it or nothing, and answers as show does.
func change(w http.ResponseWriter, r *http.Request, name string, p *proxy.Proxy) {
	body, status, err := readJSON(w, r)
	if err != nil {
		refuse(w, status, err)
		return
	}
	edits, err := parsePatch(body)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	fixed := map[string]string{"name": name, "listen": p.Addr().String()}
	err = p.Change(func(s *proxy.Settings) error {
		return edits.apply(&target{Settings: s, fixed: fixed})
	})
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	show(w, r, name, p)
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

// refuse answers with an error in toxiproxy's form.
func refuse(w http.ResponseWriter, status int, err error) {
	write(w, status, struct {
		Error  string `json:"error"`
		Status int    `json:"status"`
	}{err.Error(), status})
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
