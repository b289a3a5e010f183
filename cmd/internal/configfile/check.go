package configfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"udplab/cmd/internal/yamlfile"
	"udplab/lossy"
	"udplab/lossy/control"
	"udplab/lossy/scenario"
	"udplab/lossy/settings"
)

// maxFaults is how many faults of a file are told.
const maxFaults = 100

// specNames are the keys of a proxy besides its network, for hints.
var specNames = func() []string {
	names := []string{"name", "listen", "upstream", "enabled", "seed", "up", "down", "nat-timeout", "rebind-every", "toxics", "scenario", "preset"}
	for _, f := range settings.Fields() {
		names = append(names, f.Name)
	}
	return names
}()

// ProxyKeys are the names that may stand where a path leads to in a proxy.
func ProxyKeys(path string) []string {
	if strings.Contains(path, ".scenario.") {
		return scenario.Words()
	}
	return specNames
}

// IsProxyKey says whether a name is a key of a proxy in a file.
func IsProxyKey(name string) bool { return slices.Contains(specNames, name) }

// checker collects faults.
type checker struct {
	document *yamlfile.Document
	options  []string // the keys beside proxies
	read     lossy.ReadFile
	faults   Faults
}

// add takes in an error about the document, if it is one.
func (c *checker) add(err error) {
	if err == nil || len(c.faults) >= maxFaults {
		return
	}
	known := append([]string{"proxies"}, c.options...)
	if field, ok := errors.AsType[*settings.FieldError](err); ok && strings.HasPrefix(field.Field, "proxies.") {
		known = ProxyKeys(field.Field)
	}
	c.faults = append(c.faults, c.document.Error(err, known...))
}

// proxies checks the list and returns its elements.
func (c *checker) proxies(list json.RawMessage) []json.RawMessage {
	var elements []json.RawMessage
	if json.Unmarshal(list, &elements) != nil || list[0] != '[' {
		c.add(settings.Within("proxies", errors.New("want a list of proxies, each beginning with a dash")))
		return nil
	}
	if len(elements) == 0 {
		c.add(settings.Within("proxies", errors.New("no proxies in it")))
	}
	addresses := make(map[string]string)
	for i, element := range elements {
		path := fmt.Sprintf("proxies.%d", i)
		if len(element) > 0 && element[0] == '{' {
			brought, err := control.BringParts(element, c.read)
			if err != nil {
				c.add(settings.Within(path, err))
				continue
			}
			element, elements[i] = brought, brought
		}
		for _, err := range c.specFaults(element) {
			c.add(settings.Within(path, err))
		}
		var at struct {
			Listen string `json:"listen"`
		}
		if json.Unmarshal(element, &at) == nil { // else it was refused already
			if err := listens(addresses, path, at.Listen); err != nil {
				c.add(settings.Within(path+".listen", err))
			}
		}
	}
	return elements
}

// specFaults are all faults of one proxy. ParseSpecs stops at the first, so every
// member is tried by itself. What concerns several of them can only be judged
// once each is right.
func (c *checker) specFaults(spec json.RawMessage) []error {
	members, err := settings.ParseObject(spec)
	if err != nil {
		return []error{errors.New("want an object with the members name and upstream")}
	}
	var faults []error
	try := func(m settings.Member) {
		if err := c.memberFault(m); err != nil {
			faults = append(faults, err)
		}
	}
	for _, m := range members {
		inner, err := settings.ParseObject(m.Value)
		if m.Name != "up" && m.Name != "down" || err != nil {
			try(m)
			continue
		}
		for _, one := range inner {
			name, _ := json.Marshal(one.Name) // a string
			try(settings.Member{Name: m.Name, Value: fmt.Appendf(nil, "{%s:%s}", name, one.Value)})
		}
	}
	if missing := missingFault(members); missing != nil {
		faults = append(faults, missing)
	}
	if len(faults) > 0 {
		return faults
	}
	if err := c.wholeFault(spec); err != nil {
		return []error{err}
	}
	return nil
}

// wholeFault is what is wrong with a proxy, by its path in the proxy.
func (c *checker) wholeFault(spec json.RawMessage) error {
	_, err := control.ParseLocalSpecs(fmt.Appendf(nil, "[%s]", spec), c.read)
	field, ok := errors.AsType[*settings.FieldError](err)
	if !ok {
		return err
	}
	if rest, inner := strings.CutPrefix(field.Field, "proxies.0."); inner {
		return &settings.FieldError{Field: rest, Err: field.Err}
	}
	return field.Err // of the proxy as a whole
}

// memberFault is what is wrong with a member by itself.
func (c *checker) memberFault(m settings.Member) error {
	edits := settings.Edits{Files: c.read}
	err := edits.Add(m)
	if err == nil {
		err = edits.Apply(new(lossy.Config)) // which reads files
	}
	if !isUnknown(err, m.Name) {
		return err
	}
	spec := map[string]json.RawMessage{"name": json.RawMessage(`"x"`), "upstream": json.RawMessage(`"127.0.0.1:9"`)}
	spec[m.Name] = m.Value
	b, err := json.Marshal(spec)
	if err == nil {
		_, err = control.ParseSpec(b)
	}
	return err
}

// isUnknown says whether the setting itself is unknown, rather than one in it.
func isUnknown(err error, name string) bool {
	field, ok := errors.AsType[*settings.FieldError](err)
	return ok && field.Err == settings.ErrUnknownField && field.Field == name
}

// missingFault says which member a proxy must have and these lack, in the words
// of ParseSpec.
func missingFault(members []settings.Member) error {
	spec := map[string]json.RawMessage{}
	for _, m := range members {
		switch m.Name {
		case "name":
			spec[m.Name] = json.RawMessage(`"x"`)
		case "upstream":
			spec[m.Name] = json.RawMessage(`"127.0.0.1:9"`)
		}
	}
	b, err := json.Marshal(spec)
	if err == nil {
		_, err = control.ParseSpec(b)
	}
	return err
}
