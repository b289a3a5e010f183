package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"udplab/lossy"
	"udplab/lossy/presets"
	"udplab/lossy/proxy"
	"udplab/lossy/scenario"
	"udplab/lossy/settings"
)

// document is what a JSON object says of a proxy, parsed but not applied.
type document struct {
	given map[string]bool // fields of the object, and "up.loss" of those in it

	name                     string
	listenText, upstreamText string
	listen, upstream         netip.AddrPort // once resolved

	preset         *presets.Setup     // nil = none
	presetTimeline *scenario.Scenario // nil = none
	network        settings.Edits
	scenario       *scenario.Scenario // to be played; nil = none
	toxics         []Toxic
	edits          []func(*state) // of the rest, which cannot fail
}

// parseDocument reads an object with fields of a proxy, all of them optional.
func parseDocument(b []byte) (*document, error) {
	members, err := settings.ParseObject(b)
	if err != nil {
		return nil, err
	}
	d := &document{given: make(map[string]bool)}
	for _, m := range members {
		if string(m.Value) == "null" && (m.Name == "enabled" || m.Name == "listen" || m.Name == "toxics") {
			continue // client libraries of toxiproxy send what they do not know
		}
		d.given[m.Name] = true
		if err := d.add(m); err != nil {
			return nil, err
		}
	}
	d.settlePreset()
	return d, nil
}

// add takes in one member of the outer object.
func (d *document) add(m settings.Member) error {
	switch m.Name {
	case "name":
		return text(m, func(s string) error { d.name = s; return nil })
	case "listen":
		return text(m, func(s string) error { d.listenText = s; return checkAddress(s) })
	case "upstream":
		return text(m, func(s string) error { d.upstreamText = s; return checkAddress(s) })
	case "protocol":
		return text(m, func(s string) error {
			if s != "udp" {
				return fmt.Errorf("%q: this passes datagrams, its only protocol is \"udp\"", s)
			}
			return nil
		})
	case "enabled":
		var on bool
		if err := json.Unmarshal(m.Value, &on); err != nil || string(m.Value) == "null" {
			return settings.Within(m.Name, errors.New("want true or false"))
		}
		d.edits = append(d.edits, func(s *state) { s.Enabled = on })
		return nil
	case "seed":
		return text(m, func(s string) error {
			seed, err := strconv.ParseUint(s, 10, 64)
			if err != nil {
				return fmt.Errorf("%q is not a whole number from 0 to 2^64-1", s)
			}
			d.edits = append(d.edits, func(s *state) { s.Network.Seed = seed })
			return nil
		})
	case "dark": // what was told may come back; POST blackout sets it
		if _, err := settings.ParseObject(m.Value); err != nil {
			return settings.Within(m.Name, errors.New("is told and cannot be set: POST it to blackout"))
		}
		return nil
	case "warnings": // what was told may come back; it follows from the rest
		var told []string
		if err := json.Unmarshal(m.Value, &told); err != nil {
			return settings.Within(m.Name, errors.New("want a list of texts, which is told and cannot be set"))
		}
		return nil
	case "preset":
		return d.addPreset(m)
	case "nat-timeout":
		return d.addNAT(m, func(n *proxy.NAT) *time.Duration { return &n.Timeout })
	case "rebind-every":
		return d.addNAT(m, func(n *proxy.NAT) *time.Duration { return &n.RebindEvery })
	case "scenario":
		return d.addScenario(m)
	case "toxics":
		return settings.Within(m.Name, d.addToxics(m.Value))
	case "up", "down":
		inner, _ := settings.ParseObject(m.Value) // Edits refuse it
		for _, field := range inner {
			d.given[m.Name+"."+field.Name] = true
		}
	}
	return d.network.Add(m)
}

// addToxics reads an array of toxics.
func (d *document) addToxics(value json.RawMessage) error {
	var elements []json.RawMessage
	if err := json.Unmarshal(value, &elements); err != nil {
		return errors.New("want an array of toxics")
	}
	d.toxics = nil
	for i, element := range elements {
		t, err := ParseToxic(element)
		if err != nil {
			return settings.Within(strconv.Itoa(i), err)
		}
		d.toxics = withToxic(d.toxics, t)
	}
	return nil
}

// text reads a string, or a number as it is written. Errors get the field's name.
func text(m settings.Member, use func(string) error) error {
	s, err := m.Text()
	if err != nil {
		return err
	}
	return settings.Within(m.Name, use(s))
}

func (d *document) addNAT(m settings.Member, of func(*proxy.NAT) *time.Duration) error {
	return text(m, func(s string) error {
		v, err := lossy.ParseDuration(s)
		d.edits = append(d.edits, func(s *state) { *of(&s.NAT) = v })
		return err
	})
}

// apply changes what the document names and nothing else.
func (d *document) apply(s *state) error {
	d.applyPreset(s)
	for _, edit := range d.edits {
		edit(s)
	}
	if d.upstream.IsValid() {
		s.Upstream = d.upstream
	}
	if d.given["toxics"] {
		if err := checkToxics(d.toxics); err != nil {
			return settings.Within("toxics", err)
		}
		s.toxics = d.toxics
	}
	return d.network.Apply(&s.Network)
}

// applyWhole makes a state what the document says, with the default of all it
// does not name. The seed stays, having none.
func (d *document) applyWhole(s *state) error {
	s.Enabled, s.NAT, s.toxics = true, proxy.NAT{}, nil
	for direction, p := range map[string]*lossy.Profile{"up": &s.Network.Up, "down": &s.Network.Down} {
		for _, f := range settings.Fields() {
			if d.given[f.Name] || d.given[direction+"."+f.Name] {
				continue // what names a file may stay, if it is the one in force
			}
			if err := f.Set(p, f.Get(&lossy.Profile{})); err != nil {
				return settings.Within(f.Name, err)
			}
		}
	}
	return d.apply(s)
}
