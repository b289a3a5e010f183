package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// patch is what a PATCH asks for, parsed but not yet applied: a list of edits.
// What depends on the state of the proxy is checked as the edits run.
type patch struct {
	network settings.Edits
	rest    []func(*target) error
}

// target is what a patch edits.
type target struct {
	*proxy.Settings
	fixed map[string]string // fields that cannot change, with their values
}

func (p *patch) apply(t *target) error {
	for _, edit := range p.rest {
		if err := edit(t); err != nil {
			return err
		}
	}
	return p.network.Apply(&t.Network)
}

// parsePatch reads the body of a PATCH.
func parsePatch(body []byte) (*patch, error) {
	members, err := settings.ParseObject(body)
	if err != nil {
		return nil, err
	}
	if len(members) == 0 {
		return nil, errors.New("nothing to change: the object is empty")
	}
	p := &patch{}
	for _, m := range members {
		if err := p.add(m); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// add takes in one member of the outer object.
func (p *patch) add(m settings.Member) error {
	switch m.Name {
	case "enabled":
		var on bool
		if err := json.Unmarshal(m.Value, &on); err != nil || string(m.Value) == "null" {
			return settings.Within(m.Name, errors.New("want true or false"))
		}
		p.rest = append(p.rest, func(t *target) error { t.Enabled = on; return nil })
		return nil
	case "seed":
		text, err := m.Text()
		if err != nil {
			return err
		}
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return settings.Within(m.Name, fmt.Errorf("%q is not a whole number from 0 to 2^64-1", text))
		}
		p.rest = append(p.rest, func(t *target) error { t.Network.Seed = seed; return nil })
		return nil
	case "upstream":
		return p.addUpstream(m)
	case "nat-timeout":
		return p.addNAT(m, func(n *proxy.NAT) *time.Duration { return &n.Timeout })
	case "rebind-every":
		return p.addNAT(m, func(n *proxy.NAT) *time.Duration { return &n.RebindEvery })
	case "name", "listen":
		// What GET returned may be sent back, changed elsewhere.
		text, err := m.Text()
		p.rest = append(p.rest, func(t *target) error {
			if t.fixed[m.Name] != text {
				return settings.Within(m.Name, fmt.Errorf("cannot be changed while the proxy runs, it is %q", t.fixed[m.Name]))
			}
			return nil
		})
		return err
	}
	return p.network.Add(m)
}

// addUpstream looks the address up here, where nobody waits for it.
func (p *patch) addUpstream(m settings.Member) error {
	text, err := m.Text()
	if err != nil {
		return err
	}
	at, err := proxy.ParseUpstream(text)
	if err != nil {
		return settings.Within(m.Name, err)
	}
	p.rest = append(p.rest, func(t *target) error { t.Upstream = at; return nil })
	return nil
}

func (p *patch) addNAT(m settings.Member, of func(*proxy.NAT) *time.Duration) error {
	text, err := m.Text()
	if err != nil {
		return err
	}
	d, err := lossy.ParseDuration(text)
	if err != nil {
		return settings.Within(m.Name, err)
	}
	p.rest = append(p.rest, func(t *target) error { *of(&t.NAT) = d; return nil })
	return nil
}
