package configfile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"

	"udplab/cmd/internal/classes"
	"udplab/cmd/internal/netflags"
	"udplab/cmd/internal/yamlfile"
	"udplab/lossy"
	"udplab/lossy/control"
	"udplab/lossy/settings"
)

// Option is a value of the process, in the words of the flags.
type Option struct{ Name, Value string }

// File is what a file says. It does not change.
type File struct {
	Document *yamlfile.Document
	Options  []Option // in the order of the file

	proxies []json.RawMessage
	read    lossy.ReadFile
}

// Faults are what is wrong with a file, in its order: *yamlfile.Fault each.
type Faults []error

// Error says the first of them, and how many there are.
func (f Faults) Error() string {
	if len(f) == 1 {
		return f[0].Error()
	}
	return fmt.Sprintf("%v (and %d more: see udplab config check)", f[0], len(f)-1)
}

// Unwrap implements errors.Unwrap.
func (f Faults) Unwrap() []error { return f }

// Load reads a file. option is asked about each value of the process, by name; it
// returns settings.ErrUnknownField for what is none. names are those it knows. The
// error is of the file system, or Faults: all that can be found.
func Load(name string, option func(name, value string) error, names []string) (*File, error) {
	d, err := yamlfile.Read(name)
	if fault, ok := errors.AsType[*yamlfile.Fault](err); ok {
		return nil, Faults{fault}
	}
	if err != nil {
		return nil, err
	}
	return Parse(d, option, names)
}

// Parse is Load of a document that was read.
func Parse(d *yamlfile.Document, option func(name, value string) error, names []string) (*File, error) {
	members, err := settings.ParseObject(d.JSON())
	if err != nil {
		return nil, Faults{d.Error(errors.New("want an object with the member proxies; see udplab config template"))}
	}
	c := checker{document: d, options: names, read: netflags.ReadNear(d.Name())}
	file := &File{Document: d, read: c.read}
	given := false
	for _, m := range members {
		if m.Name == "proxies" {
			given = true
			file.proxies = c.proxies(m.Value)
			continue
		}
		value, err := text(m)
		if err == nil {
			err = option(m.Name, value)
		}
		if errors.Is(err, settings.ErrUnknownField) && IsProxyKey(m.Name) {
			err = errors.New("is of a proxy: write it below proxies")
		}
		c.add(settings.Within(m.Name, err))
		file.Options = append(file.Options, Option{m.Name, value})
	}
	if !given {
		c.add(errors.New("no proxies in it: they are a list, proxies; see udplab config template"))
	}
	if len(c.faults) == 0 {
		specs, err := file.Specs(nil)
		c.add(err)
		for _, s := range specs {
			c.add(s.CheckNames(Names()))
		}
	}
	if len(c.faults) > 0 {
		slices.SortStableFunc(c.faults, inOrder)
		return nil, c.faults
	}
	return file, nil
}

// Names are what rules of a file may ask for: the classes of our protocol, and no
// flow by name, which only a flag can give.
func Names() settings.Names { return settings.Names{Classes: classes.All(), Flows: []string{}} }

// inOrder compares faults by where they stand.
func inOrder(a, b error) int {
	x, _ := errors.AsType[*yamlfile.Fault](a) // all are
	y, _ := errors.AsType[*yamlfile.Fault](b)
	return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
}

// text is the text of a value: a string, a number or a switch.
func text(m settings.Member) (string, error) {
	if s := string(m.Value); s == "true" || s == "false" {
		return s, nil
	}
	s, err := m.Text()
	if field, ok := errors.AsType[*settings.FieldError](err); ok {
		err = field.Err // the caller knows the field
	}
	return s, err
}

// Specs are the proxies. seed, if not nil, is for those that have none.
func (f *File) Specs(seed *uint64) ([]control.Spec, error) {
	list := slices.Clone(f.proxies)
	for i, proxy := range list {
		if seed != nil && !hasMember(proxy, "seed") {
			list[i] = withMember(proxy, "seed", strconv.FormatUint(*seed, 10))
		}
	}
	b, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	return control.ParseLocalSpecs(b, f.read)
}

// Len is the number of proxies.
func (f *File) Len() int { return len(f.proxies) }

func hasMember(object json.RawMessage, name string) bool {
	members, err := settings.ParseObject(object)
	return err == nil && slices.ContainsFunc(members, func(m settings.Member) bool { return m.Name == name })
}

// withMember adds a member to an object that is not empty.
func withMember(object json.RawMessage, name, value string) json.RawMessage {
	rest := bytes.TrimPrefix(object, []byte("{"))
	return fmt.Appendf(nil, "{%q:%s,%s", name, value, rest)
}

// listens are the addresses for clients that a file has more than once. Port 0
// is another one each time.
func listens(seen map[string]string, path, address string) error {
	if _, port, err := net.SplitHostPort(address); err != nil || port == "0" {
		return nil
	}
	if before, taken := seen[address]; taken {
		return fmt.Errorf("%s is where %s listens", address, before)
	}
	seen[address] = path
	return nil
}
