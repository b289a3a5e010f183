package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"

	"udplab/lossy"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// Spec is a proxy as a document describes it, all of it checked that can be
// without opening sockets, looking up names or reading files. Make one with
// ParseSpec.
type Spec struct {
	Name string // what the proxy is called

	path     string // of the document, in the one that it is part of
	document document
	begins   state // what a proxy of it begins with; zero if only a proxy that runs can tell
}

// ParseSpec reads a proxy, a JSON object as POST /proxies takes it: "name" and
// "upstream", and what else of the package doc. The error is a
// *settings.FieldError if a field is at fault.
func ParseSpec(b []byte) (Spec, error) {
	d, err := parseDocument(b)
	if err != nil {
		return Spec{}, err
	}
	return newSpec(d)
}

// ParseSpecs reads several: a JSON array of them, or an object of them by name,
// as GET /proxies answers. Paths of errors begin with "proxies.0", or with
// "proxies." and the name.
func ParseSpecs(b []byte) ([]Spec, error) { return ParseLocalSpecs(b, nil) }

// ParseLocalSpecs is ParseSpecs for who may read files of this machine: settings
// may name files, which read reads here and again as the specs are put.
func ParseLocalSpecs(b []byte, read lossy.ReadFile) ([]Spec, error) {
	var specs []Spec
	add := func(path, name string, value json.RawMessage) error {
		s, err := parseNamedSpec(name, value, read)
		if err != nil {
			return settings.Within(path, err)
		}
		s.path = path
		specs = append(specs, s)
		return nil
	}
	if list := bytes.TrimSpace(b); len(list) > 0 && list[0] == '[' {
		var elements []json.RawMessage
		if err := json.Unmarshal(list, &elements); err != nil {
			return nil, fmt.Errorf("not valid JSON: %w", err)
		}
		for i, element := range elements {
			if err := add("proxies."+strconv.Itoa(i), "", element); err != nil {
				return nil, err
			}
		}
		return specs, checkSpecs(specs)
	}
	members, err := settings.ParseObject(b)
	if err != nil {
		return nil, errors.New("want a JSON array of proxies, or an object of them by name: " + err.Error())
	}
	for _, m := range members {
		if err := add("proxies."+m.Name, m.Name, m.Value); err != nil {
			return nil, err
		}
	}
	return specs, checkSpecs(specs)
}

// parseNamedSpec reads a spec that need not say the name it stands under.
func parseNamedSpec(name string, b []byte, read lossy.ReadFile) (Spec, error) {
	d, err := parseDocument(b)
	if err != nil {
		return Spec{}, err
	}
	d.network.Files = read
	if name != "" && !d.given["name"] {
		d.given["name"], d.name = true, name
	}
	if name != "" && d.name != name {
		return Spec{}, settings.Within("name", fmt.Errorf("is %q, but it stands under %q", d.name, name))
	}
	return newSpec(d)
}

func newSpec(d *document) (Spec, error) {
	for _, required := range []string{"name", "upstream"} {
		if !d.given[required] {
			return Spec{}, settings.Within(required, errors.New("missing required field"))
		}
	}
	if err := CheckName(d.name); err != nil {
		return Spec{}, settings.Within("name", err)
	}
	// Only a proxy that runs can tell whether it has the file that is named.
	next := state{}
	err := d.applyWhole(&next)
	if err == nil {
		_, err = next.config(netip.AddrPort{})
	}
	if err == nil {
		err = d.checkScenario(next.Network, settings.Names{})
	}
	if errors.Is(err, lossy.ErrNamesFile) {
		next, err = state{}, nil
	}
	if err != nil {
		return Spec{}, err
	}
	return Spec{Name: d.name, document: *d, begins: next}, nil
}

// Warnings is what the settings of the spec do that they do not say, as a proxy of it
// will tell.
func (s *Spec) Warnings() []string {
	e, _ := s.begins.effective() // which was valid as the spec was read
	return warnings(s.begins.Network, e, s.document.scenario != nil, 0)
}

// CheckNames refuses rules of the network, or of what the scenario makes of it, that
// ask for a name that is none of those. A proxy refuses them as it is opened.
func (s *Spec) CheckNames(names settings.Names) error {
	e, err := s.begins.effective()
	if err == nil {
		err = names.Check(&e.Network)
	}
	if err == nil {
		err = s.document.checkScenario(s.begins.Network, names)
	}
	if err != nil {
		return s.within(err)
	}
	return nil
}

// checkSpecs refuses what is wrong between several.
func checkSpecs(specs []Spec) error {
	seen := make(map[string]bool)
	for _, s := range specs {
		if seen[s.Name] {
			return settings.Within(s.path+".name", fmt.Errorf("%q stands twice", s.Name))
		}
		seen[s.Name] = true
	}
	if len(specs) > MaxProxies {
		return fmt.Errorf("%w: %d, at most %d", errTooMany, len(specs), MaxProxies)
	}
	return nil
}

// within puts the path of the spec before an error's.
func (s *Spec) within(err error) error {
	if s.path == "" {
		return err
	}
	return settings.Within(s.path, err)
}

// resolve looks the names of the addresses up. It may take long.
func (s *Spec) resolve() error { return s.within(s.document.resolve()) }

// openSpec opens the proxy of a spec that was resolved.
func (f *Fleet) openSpec(s *Spec) (*member, error) {
	next := newState()
	if err := s.document.applyWhole(&next); err != nil {
		return nil, err
	}
	return f.openState(s.Name, s.document.listen, &next)
}

// MaxName is the longest name of a proxy, in bytes.
const MaxName = 100

// CheckName refuses names that no path of the API could name: client libraries
// put them in as they are.
func CheckName(name string) error {
	bad := func(r rune) bool {
		return strings.ContainsRune(`/\?#%`, r) || unicode.IsSpace(r) || !unicode.IsPrint(r)
	}
	switch {
	case name == "":
		return errors.New("is empty")
	case len(name) > MaxName:
		return fmt.Errorf("is longer than %d bytes", MaxName)
	case name == "." || name == ".." || strings.ContainsFunc(name, bad):
		return fmt.Errorf("%q cannot stand in a path: use letters, digits, dots, dashes and underscores", name)
	}
	return nil
}

// checkAddress refuses what cannot be host:port, whatever the host is.
func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q: port %q is not a number from 0 to 65535", address, port)
	}
	return nil
}

// resolve looks the addresses up, where nobody waits for it.
func (d *document) resolve() (err error) {
	if d.given["listen"] {
		if d.listen, err = proxy.ParseListen(d.listenText); err != nil {
			return settings.Within("listen", err)
		}
	}
	if d.given["upstream"] {
		if d.upstream, err = proxy.ParseUpstream(d.upstreamText); err != nil {
			return settings.Within("upstream", err)
		}
	}
	return d.resolveScenario()
}
