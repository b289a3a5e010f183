package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"udplab/lossy"
	"udplab/lossy/spelling"
)

// Names are those that rules of lossy.Profile.Drop may ask for where a network is
// to be: one that asks for another would never drop anything. A nil list is any.
// The zero value knows nothing and lets everything pass.
type Names struct {
	Classes []string // what the classifier can answer
	Flows   []string // what flows are called; numbers are always known
}

// Check refuses a rule that asks for a class or a flow that is not known. The error
// is a FieldError of "drop", or "up.drop" or "down.drop" if the two differ.
func (n Names) Check(c *lossy.Config) error {
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		if err := n.checkRules(c.Profile(d).Drop); err != nil {
			if c.Up.Drop == c.Down.Drop {
				return &FieldError{"drop", err}
			}
			return &FieldError{d.String() + ".drop", err}
		}
	}
	return nil
}

func (n Names) checkRules(rules lossy.Rules) error {
	for _, asked := range rules.Names() {
		var err error
		switch {
		case asked.Class != "" && n.Classes != nil && !slices.Contains(n.Classes, asked.Class):
			err = unknownName(fmt.Sprintf("no datagram is of class %q", asked.Class), asked.Class, n.Classes)
		case asked.Flow != "" && n.Flows != nil && len(n.Flows) == 0:
			err = fmt.Errorf("no flow is called %q: here they have numbers, from 0", asked.Flow)
		case asked.Flow != "" && n.Flows != nil && !slices.Contains(n.Flows, asked.Flow):
			err = unknownName(fmt.Sprintf("no flow is called %q", asked.Flow), asked.Flow, n.Flows)
		}
		if err != nil {
			return fmt.Errorf("rule %d: %w", asked.Rule, err)
		}
	}
	return nil
}

// unknownName proposes the known name that may have been meant, or some of them.
func unknownName(what, name string, known []string) error {
	if near := spelling.Nearest(strings.ToLower(name), known); near != "" {
		return fmt.Errorf("%s, did you mean %s?", what, near)
	}
	const most = 20
	list := strings.Join(known[:min(len(known), most)], ", ")
	if len(known) > most {
		list += ", ..."
	}
	if list == "" {
		return errors.New(what)
	}
	return fmt.Errorf("%s, only %s", what, list)
}
