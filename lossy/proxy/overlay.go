package proxy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// Overlay changes the network for some of the flows. A flow has it if
// lossy.FlowChosen says so of the flow, the name and the share: one draw, by the
// seed, for both directions and for as long as the flow lasts. A change of Share
// moves as few flows as can be.
//
// The network of a flow is Settings.Network with the overlays that it has, in
// the order of Settings.Overlays.
type Overlay struct {
	// Name is what the draw is made from, and what Flow.Overlays has. It is
	// unique among the overlays of a proxy, 1 to MaxOverlayName bytes of UTF-8.
	Name string
	// Share is the probability that a flow has it, 0..1.
	Share float64
	// Apply edits the network, all but its seed. It is called within New and
	// Change, once for each combination of the overlays before it. A
	// lossy.LossModel or lossy.Distribution that it sets should be the same each
	// time, for another begins anew.
	Apply func(network *lossy.Config) error
}

// Limits of overlays. Every combination that a flow may have is made and
// validated beforehand, of which the uncertain ones, with a Share between 0 and
// 1, make up to 256: that takes some milliseconds a change, and datagrams nothing.
const (
	MaxOverlays          = 64
	MaxUncertainOverlays = 8
	MaxOverlayName       = 128
)

// combinations are the networks of the flows that overlays make. It is never
// modified.
type combinations struct {
	certain  []string // names of the overlays that all flows have
	drawn    []Overlay
	networks []lossy.Config // by the set of those drawn that a flow has, the first as bit 0
}

// combine makes them, or says which overlay, or which combination, is not valid.
// Nil stands for no overlay at all, and costs the flows nothing.
func combine(network lossy.Config, overlays []Overlay) (*combinations, error) {
	if len(overlays) == 0 {
		return nil, nil
	}
	if err := validateOverlays(overlays); err != nil {
		return nil, err
	}
	c := &combinations{networks: []lossy.Config{network}}
	for _, o := range overlays {
		if o.Share == 0 {
			continue
		}
		applied := slices.Clone(c.networks)
		for i := range applied {
			if err := o.applyTo(&applied[i]); err != nil {
				return nil, err
			}
		}
		if o.Share == 1 {
			c.certain, c.networks = append(c.certain, o.Name), applied
		} else {
			c.drawn, c.networks = append(c.drawn, o), append(c.networks, applied...)
		}
	}
	for set := range c.networks {
		if err := c.networks[set].Validate(); err != nil {
			return nil, fmt.Errorf("%s: %w", c.describe(set), err)
		}
	}
	return c, c.validateShared()
}

func validateOverlays(overlays []Overlay) error {
	if len(overlays) > MaxOverlays {
		return fmt.Errorf("%d overlays: at most %d", len(overlays), MaxOverlays)
	}
	seen := make(map[string]bool)
	uncertain := 0
	for _, o := range overlays {
		switch {
		case o.Name == "" || len(o.Name) > MaxOverlayName || !utf8.ValidString(o.Name):
			return fmt.Errorf("overlay %.40q: a name has 1 to %d bytes of UTF-8", o.Name, MaxOverlayName)
		case seen[o.Name]:
			return fmt.Errorf("overlay %q: the name stands twice", o.Name)
		case !(o.Share >= 0 && o.Share <= 1):
			return fmt.Errorf("overlay %q: share %v: must be between 0 and 1", o.Name, o.Share)
		case o.Apply == nil:
			return fmt.Errorf("overlay %q: does nothing: Apply is nil", o.Name)
		}
		seen[o.Name] = true
		if o.Share > 0 && o.Share < 1 {
			uncertain++
		}
	}
	if uncertain > MaxUncertainOverlays {
		return fmt.Errorf("%d overlays with a share between 0 and 1: at most %d, for every combination is checked; give others a share of 1",
			uncertain, MaxUncertainOverlays)
	}
	return nil
}

func (o *Overlay) applyTo(network *lossy.Config) error {
	seed := network.Seed
	err := o.Apply(network)
	if err == nil && network.Seed != seed {
		err = errors.New("it changes the seed, which is that of the proxy")
	}
	if err != nil {
		return fmt.Errorf("overlay %q: %w", o.Name, err)
	}
	return nil
}

// validateShared wants all flows that share a bottleneck or a model to ask for
// the same one: otherwise it would be whatever the flow that came last wants.
func (c *combinations) validateShared() error {
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		bottleneck := c.firstThatDiffers(d, func(p lossy.Profile) bool { return p.SharedBottleneck }, lossy.Profile.SameBottleneck)
		if bottleneck >= 0 {
			return fmt.Errorf("%v: %v: some flows would have another rate or queue than others at a shared bottleneck; give the overlay a share of 1, or have it end shared-bottleneck for its flows",
				c.describe(bottleneck), d)
		}
		model := c.firstThatDiffers(d, func(p lossy.Profile) bool { return p.SharedModel }, lossy.Profile.SameModel)
		if model >= 0 {
			return fmt.Errorf("%v: %v: some flows would have other loss, delay or order than others from a shared model; give the overlay a share of 1, or have it end shared-model for its flows",
				c.describe(model), d)
		}
	}
	return nil
}

// firstThatDiffers is the first combination that shares something and asks for
// another than those before it, or -1.
func (c *combinations) firstThatDiffers(d lossy.Direction, shares func(lossy.Profile) bool, same func(p, o lossy.Profile) bool) int {
	first := -1
	for set := range c.networks {
		p := c.networks[set].Profile(d)
		switch {
		case !shares(p):
		case first < 0:
			first = set
		case !same(p, c.networks[first].Profile(d)):
			return set
		}
	}
	return -1
}

// checkNames wants the rules of every combination, and of the network without
// overlays, to ask for what there is.
func (c *combinations) checkNames(names settings.Names, network *lossy.Config) error {
	if err := names.Check(network); err != nil || c == nil {
		return err
	}
	for set := range c.networks {
		if err := names.Check(&c.networks[set]); err != nil {
			return fmt.Errorf("%s: %w", c.describe(set), err)
		}
	}
	return nil
}

// describe names the overlays of a combination.
func (c *combinations) describe(set int) string {
	names := c.names(set)
	for i, name := range names {
		names[i] = fmt.Sprintf("%q", name)
	}
	switch len(names) {
	case 0:
		return "without overlays"
	case 1:
		return "overlay " + names[0]
	}
	return "overlays " + strings.Join(names, " and ")
}

// names lists the overlays of a combination: those of all flows, then those
// drawn.
func (c *combinations) names(set int) []string {
	names := slices.Clone(c.certain)
	for i, o := range c.drawn {
		if set>>i&1 == 1 {
			names = append(names, o.Name)
		}
	}
	return names
}

// of says which combination a flow has.
func (c *combinations) of(seed uint64, key lossy.FlowKey) (set int) {
	for i, o := range c.drawn {
		if lossy.FlowChosen(seed, key, o.Name, o.Share) {
			set |= 1 << i
		}
	}
	return set
}

// network is what holds for a flow under the settings.
func (f *flow) network(s *Settings) *lossy.Config {
	if s.combined == nil {
		return &s.Network
	}
	return &s.combined.networks[s.combined.of(f.seed, f.key)]
}

// sameRates says whether every flow sends what waits as it did under other settings.
func (s *Settings) sameRates(o *Settings) bool {
	of := func(s *Settings) []lossy.Config {
		if s.combined == nil {
			return []lossy.Config{s.Network}
		}
		return s.combined.networks
	}
	return slices.EqualFunc(of(s), of(o), func(a, b lossy.Config) bool {
		return a.Up.SameRate(b.Up) && a.Down.SameRate(b.Down)
	})
}

// overlays names what the flow has of the overlays in force.
func (f *flow) overlays(s *Settings) []string {
	if s.combined == nil {
		return nil
	}
	return s.combined.names(s.combined.of(f.seed, f.key))
}
