package control

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"udplab/lossy/scenario"
	"udplab/lossy/settings"
	"udplab/lossy/spelling"
)

// specFields are the fields of a proxy and of a toxic beside the settings.
var specFields = []string{"name", "listen", "upstream", "enabled", "seed", "up", "down", "preset", "nat-timeout", "rebind-every",
	"scenario", "toxics", "type", "stream", "toxicity", "attributes"}

// hinted adds to the refusal of a field that is not known the one of these that may
// have been meant.
func hinted(err error, known []string) error {
	field, ok := errors.AsType[*settings.FieldError](err)
	if !ok || !errors.Is(field.Err, settings.ErrUnknownField) {
		return err
	}
	name := field.Field[strings.LastIndexByte(field.Field, '.')+1:]
	if near := spelling.Nearest(name, known); near != "" {
		return fmt.Errorf("%w, did you mean %s?", err, near)
	}
	return err
}

// knownFields are the names that may stand where an error says that one is not known.
func knownFields(err error) []string {
	known := slices.Clone(specFields)
	if field, ok := errors.AsType[*settings.FieldError](err); ok {
		for _, of := range []string{"steps.", "scenario."} {
			if strings.HasPrefix(field.Field, of) || strings.Contains(field.Field, "."+of) {
				known = scenario.Words()
			}
		}
	}
	for _, f := range settings.Fields() {
		known = append(known, f.Name)
	}
	return known
}
