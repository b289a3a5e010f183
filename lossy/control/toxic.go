package control

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"udplab/lossy"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// MaxToxics is the most toxics a proxy may have.
const MaxToxics = 64

// Errors of toxics, which what a Fleet refuses may wrap.
var (
	ErrToxicNotFound = errors.New("toxic not found")
	ErrToxicExists   = errors.New("toxic already exists")
	// ErrToxicConflict is of two toxics that want the same setting.
	ErrToxicConflict = errors.New("two toxics set the same")
)

// Toxic is settings of one direction under a name, laid over the base settings
// of a proxy for as long as it has the toxic. Make one with ParseToxic. It is
// never modified.
type Toxic struct {
	Name   string
	Type   string
	Stream lossy.Direction // Up is "upstream" in JSON, Down is "downstream"
	// Toxicity is the probability that a flow has it, 0 to 1: one draw, by the seed
	// and the name of the toxic, for as long as the flow lasts.
	Toxicity float64

	attributes map[string]json.RawMessage // as they are shown
	object     []byte                     // settings and values
	edits      settings.Edits             // that set them
}

// ParseToxic reads a toxic as toxiproxy writes it:
//
//	{"name": "latency_downstream", "type": "latency", "stream": "downstream",
//	 "toxicity": 1.0, "attributes": {"latency": 100, "jitter": 10}}
//
// Without a name it is called after its type and stream, without a stream it is
// for downstream, and without a toxicity for every flow. The error is a
// *settings.FieldError if a field is at fault, such as "attributes.latency".
func ParseToxic(b []byte) (Toxic, error) {
	members, err := settings.ParseObject(b)
	if err != nil {
		return Toxic{}, err
	}
	t := Toxic{Stream: lossy.Down, Toxicity: 1}
	var attributes json.RawMessage
	for _, m := range members {
		switch m.Name {
		case "name":
			err = text(m, func(s string) error { t.Name = s; return nil })
		case "type":
			err = text(m, func(s string) error { t.Type = s; return nil })
		case "stream":
			err = text(m, func(s string) (err error) { t.Stream, err = parseStream(s); return err })
		case "toxicity":
			t.Toxicity, err = parseToxicity(m)
		case "attributes":
			attributes = m.Value
		default:
			err = settings.Within(m.Name, settings.ErrUnknownField)
		}
		if err != nil {
			return Toxic{}, err
		}
	}
	if t.Type == "" {
		return Toxic{}, settings.Within("type", fmt.Errorf("missing required field: one of %s", typeNames()))
	}
	if t.Name == "" {
		t.Name = t.Type + "_" + streamName(t.Stream)
	}
	if err := CheckName(t.Name); err != nil {
		return Toxic{}, settings.Within("name", err)
	}
	return t.with(attributes)
}

// with returns the toxic with other attributes, those that are not named staying.
func (t Toxic) with(attributes json.RawMessage) (Toxic, error) {
	kind, err := toxicTypeOf(t.Type)
	if err != nil {
		return Toxic{}, settings.Within("type", err)
	}
	given := maps.Clone(t.attributes)
	if given == nil {
		given = make(map[string]json.RawMessage)
	}
	if len(attributes) > 0 && string(attributes) != "null" {
		members, err := settings.ParseObject(attributes)
		if err != nil {
			return Toxic{}, settings.Within("attributes", err)
		}
		for _, m := range members {
			given[m.Name] = m.Value
		}
	}
	shown, object, err := kind.compile(given)
	if err == nil {
		t.edits, err = t.check(object)
	}
	if err != nil {
		return Toxic{}, settings.Within("attributes", err)
	}
	t.attributes = shown
	t.object, err = settings.Marshal(object)
	return t, err
}

// check reads the settings, which must not name a file: whether one is in force
// below the toxic must make no difference.
func (t *Toxic) check(object map[string]json.RawMessage) (settings.Edits, error) {
	var edits settings.Edits
	for _, name := range slices.Sorted(maps.Keys(object)) {
		var alone settings.Edits
		err := alone.Add(settings.Member{Name: name, Value: object[name]})
		if err == nil {
			err = alone.Apply(&lossy.Config{})
		}
		if err != nil {
			return edits, err
		}
	}
	b, err := settings.Marshal(object)
	if err != nil {
		return edits, err
	}
	return edits, edits.Add(settings.Member{Name: t.Stream.String(), Value: bytes.TrimSpace(b)})
}

// fields are the settings that it sets.
func (t *Toxic) fields() []string {
	members, err := settings.ParseObject(t.object)
	if err != nil {
		panic("BUG: settings that were read before: " + err.Error())
	}
	var names []string
	for _, m := range members {
		names = append(names, m.Name)
	}
	return names
}

func (t *Toxic) equal(o Toxic) bool {
	return t.Name == o.Name && t.Type == o.Type && t.Stream == o.Stream && t.Toxicity == o.Toxicity && bytes.Equal(t.object, o.object)
}

// MarshalJSON implements json.Marshaler.
func (t Toxic) MarshalJSON() ([]byte, error) {
	return settings.Marshal(struct {
		Name       string                     `json:"name"`
		Type       string                     `json:"type"`
		Stream     string                     `json:"stream"`
		Toxicity   float64                    `json:"toxicity"`
		Attributes map[string]json.RawMessage `json:"attributes"`
	}{t.Name, t.Type, streamName(t.Stream), t.Toxicity, t.attributes})
}

// parseToxicity reads the share of flows.
func parseToxicity(m settings.Member) (float64, error) {
	var share float64
	if err := json.Unmarshal(m.Value, &share); err != nil || string(m.Value) == "null" || share < 0 || share > 1 {
		return 0, settings.Within(m.Name, fmt.Errorf("%s: want a number from 0 to 1, the share of flows it is for", m.Value))
	}
	return share, nil
}

// parseStream reads toxiproxy's words for the two directions.
func parseStream(s string) (lossy.Direction, error) {
	switch strings.ToLower(s) {
	case "upstream":
		return lossy.Up, nil
	case "downstream":
		return lossy.Down, nil
	}
	return 0, errors.New("stream was invalid, can be either upstream or downstream")
}

func streamName(d lossy.Direction) string { return d.String() + "stream" }

// withToxic returns a list with one more: behind those of its stream, and those
// of upstream in front, as toxiproxy has it.
func withToxic(toxics []Toxic, t Toxic) []Toxic {
	all := append(slices.Clone(toxics), t)
	slices.SortStableFunc(all, func(a, b Toxic) int { return cmp.Compare(a.Stream, b.Stream) })
	return all
}

// checkToxics says what is wrong between the toxics of one proxy.
func checkToxics(toxics []Toxic) error {
	if len(toxics) > MaxToxics {
		return fmt.Errorf("%d toxics, at most %d", len(toxics), MaxToxics)
	}
	names := make(map[string]bool)
	drawn := 0
	type place struct {
		stream lossy.Direction
		field  string
	}
	taken := make(map[place]string)
	for i := range toxics {
		t := &toxics[i]
		if names[t.Name] {
			return fmt.Errorf("%w: %q", ErrToxicExists, t.Name)
		}
		names[t.Name] = true
		if t.Toxicity > 0 && t.Toxicity < 1 {
			drawn++
		}
		for _, field := range t.fields() {
			at := place{t.Stream, field}
			if other, is := taken[at]; is {
				return fmt.Errorf("%w: %q and %q both set %s %s; change or remove one of them",
					ErrToxicConflict, other, t.Name, streamName(t.Stream), field)
			}
			taken[at] = t.Name
		}
	}
	if drawn > proxy.MaxUncertainOverlays {
		return fmt.Errorf("%d toxics with a toxicity between 0 and 1: at most %d, for a flow may have any of them together", drawn, proxy.MaxUncertainOverlays)
	}
	return nil
}
