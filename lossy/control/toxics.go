package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// Toxics returns the toxics of a proxy, those of upstream in front.
func (f *Fleet) Toxics(name string) ([]Toxic, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	m := f.members[name]
	if m == nil {
		return nil, notFound(name)
	}
	return append([]Toxic{}, m.toxics...), nil
}

// AddToxic gives a proxy one more toxic, for every datagram read from now on. The
// error wraps ErrToxicExists or ErrToxicConflict if it does not go with another.
func (f *Fleet) AddToxic(name string, t Toxic) error {
	return f.editToxics(name, func(toxics []Toxic) ([]Toxic, error) { return withToxic(toxics, t), nil })
}

// UpdateToxic changes a toxic as a document says: {"toxicity": 0.5, "attributes":
// {"latency": 50}}, where attributes that are not named stay. What else ParseToxic
// takes may be there, unchanged.
func (f *Fleet) UpdateToxic(name, toxic string, document []byte) (Toxic, error) {
	var updated Toxic
	err := f.editToxics(name, func(toxics []Toxic) ([]Toxic, error) {
		i, err := indexToxic(toxics, toxic)
		if err != nil {
			return nil, err
		}
		if updated, err = toxics[i].updated(document); err != nil {
			return nil, err
		}
		all := slices.Clone(toxics)
		all[i] = updated
		return all, nil
	})
	return updated, err
}

// RemoveToxic takes a toxic from a proxy.
func (f *Fleet) RemoveToxic(name, toxic string) error {
	return f.editToxics(name, func(toxics []Toxic) ([]Toxic, error) {
		i, err := indexToxic(toxics, toxic)
		if err != nil {
			return nil, err
		}
		return slices.Delete(slices.Clone(toxics), i, i+1), nil
	})
}

func (f *Fleet) editToxics(name string, edit func([]Toxic) ([]Toxic, error)) error {
	return f.edit(name, func(s *state) (err error) {
		s.toxics, err = edit(s.toxics)
		return err
	})
}

func indexToxic(toxics []Toxic, name string) (int, error) {
	i := slices.IndexFunc(toxics, func(t Toxic) bool { return t.Name == name })
	if i < 0 {
		return i, fmt.Errorf("%w: %q", ErrToxicNotFound, name)
	}
	return i, nil
}

// updated is the toxic with what a document changes.
func (t Toxic) updated(document []byte) (Toxic, error) {
	members, err := settings.ParseObject(document)
	if err != nil {
		return Toxic{}, err
	}
	var attributes json.RawMessage
	fixed := map[string]string{"name": t.Name, "type": t.Type, "stream": streamName(t.Stream)}
	for _, m := range members {
		switch m.Name {
		case "toxicity":
			if t.Toxicity, err = parseToxicity(m); err != nil {
				return Toxic{}, err
			}
		case "attributes":
			attributes = m.Value
		case "name", "type", "stream":
			err := text(m, func(s string) error {
				if s != fixed[m.Name] {
					return fmt.Errorf("cannot be changed, it is %q: remove the toxic and add another", fixed[m.Name])
				}
				return nil
			})
			if err != nil {
				return Toxic{}, err
			}
		default:
			return Toxic{}, settings.Within(m.Name, settings.ErrUnknownField)
		}
	}
	if len(members) == 0 {
		return Toxic{}, errors.New("nothing to change: the object is empty")
	}
	return t.with(attributes)
}

func (a api) toxics(w http.ResponseWriter, _ *http.Request, name string, _ *proxy.Proxy) {
	toxics, err := a.fleet.Toxics(name)
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, toxics)
}

// toxic shows one.
func (a api) toxic(w http.ResponseWriter, r *http.Request, name string, _ *proxy.Proxy) {
	toxics, err := a.fleet.Toxics(name)
	var i int
	if err == nil {
		i, err = indexToxic(toxics, r.PathValue("toxic"))
	}
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, toxics[i])
}

func (a api) addToxic(w http.ResponseWriter, r *http.Request, name string, _ *proxy.Proxy) {
	body, status, err := readSettings(w, r)
	if err != nil {
		refuse(w, status, err)
		return
	}
	t, err := ParseToxic(body)
	if err == nil {
		err = a.fleet.AddToxic(name, t)
	}
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, t)
}

func (a api) updateToxic(w http.ResponseWriter, r *http.Request, name string, _ *proxy.Proxy) {
	body, status, err := readSettings(w, r)
	if err != nil {
		refuse(w, status, err)
		return
	}
	t, err := a.fleet.UpdateToxic(name, r.PathValue("toxic"), body)
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, t)
}

func (a api) removeToxic(w http.ResponseWriter, r *http.Request, name string, _ *proxy.Proxy) {
	if err := a.fleet.RemoveToxic(name, r.PathValue("toxic")); err != nil {
		fail(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
