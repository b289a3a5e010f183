package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"udplab/cmd/internal/configfile"
	"udplab/cmd/internal/terminal"
	"udplab/lossy/control"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// reloader reads the file of --config again.
type reloader struct {
	name    string
	seed    *uint64 // of proxies without one, from the command line; nil = the file's
	say     *say
	fleet   *control.Fleet
	inForce *configfile.File // whose options the process has
}

// reload makes the proxies what the file says now. A file with a fault, or one
// that asks for what cannot be had, changes nothing.
func (r *reloader) reload() {
	file, err := loadConfig(r.name)
	if err != nil {
		for _, fault := range faultsOf(err) {
			r.say.warn("%s", cleaned(fault))
		}
		r.say.warn("%s is not taken, everything goes on as it was", r.name)
		return
	}
	specs, err := r.specs(file)
	before := r.fleet.Reports()
	if err == nil {
		err = r.fleet.Put(specs)
	}
	if err != nil {
		r.say.warn("%s", cleaned(r.placed(file, err)))
		r.say.warn("%s is not taken, everything goes on as it was", r.name)
		return
	}
	r.say.note("%s: %s", r.name, strings.Join(r.differences(before, r.fleet.Reports()), "; "))
	if names := changedOptions(r.inForce.Options, file.Options); len(names) > 0 {
		r.say.warn("%s: %s is of the process, and holds once it starts again", r.name, strings.Join(names, ", "))
	}
}

// specs are the proxies of a file. Those without a seed have that of the command
// line, or of the file.
func (r *reloader) specs(file *configfile.File) ([]control.Spec, error) {
	seed := r.seed
	for _, o := range file.Options {
		if o.Name == "seed" && seed == nil {
			n, err := strconv.ParseUint(o.Value, 0, 64) // as the flag does
			if err != nil {
				return nil, settings.Within(o.Name, err)
			}
			seed = &n
		}
	}
	return file.Specs(seed)
}

// placed finds the place of what the fleet refused, and says it without the words
// around it.
func (r *reloader) placed(file *configfile.File, err error) error {
	field, isField := errors.AsType[*settings.FieldError](err)
	address, isAddress := errors.AsType[*proxy.AddressError](err)
	if isField && isAddress {
		why := address.Err
		if number, ok := errors.AsType[syscall.Errno](why); ok {
			why = number
		}
		err = &settings.FieldError{Field: field.Field, Err: fmt.Errorf("%s: %w", address.Address, why)}
	}
	return file.Document.Error(err)
}

// differences says what became of every proxy that is not as it was.
func (r *reloader) differences(before, after map[string]control.ProxyReport) []string {
	var list []string
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		was, had := before[name]
		is, has := after[name]
		switch {
		case !had:
			list = append(list, fmt.Sprintf("%s opened on %s", name, is.Listen))
		case !has:
			list = append(list, name+" closed")
		default:
			was.Warnings, is.Warnings = nil, nil // which follow from the rest
			was.Dark, is.Dark = nil, nil         // which time changes
			if fields := changedFields(was, is); len(fields) > 0 {
				list = append(list, fmt.Sprintf("%s changed (%s)", name, strings.Join(fields, ", ")))
			}
		}
	}
	if len(list) == 0 {
		list = append(list, "nothing changed")
	}
	return list
}

// changedFields are the members that two reports differ in, "up.loss" of those
// within one.
func changedFields(was, is any) []string {
	old, now := reportFields(was), reportFields(is)
	var names []string
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if !bytes.Equal(old[name], now[name]) {
			names = append(names, name)
		}
	}
	return names
}

// reportFields are the members of a report by path.
func reportFields(report any) map[string]json.RawMessage {
	b, err := settings.Marshal(report)
	if err != nil {
		panic("BUG: a report that is no JSON: " + err.Error())
	}
	all := make(map[string]json.RawMessage)
	outer, _ := settings.ParseObject(b) // a report is an object
	for _, m := range outer {
		inner, err := settings.ParseObject(m.Value)
		if err != nil {
			all[m.Name] = m.Value
		}
		for _, field := range inner {
			all[m.Name+"."+field.Name] = field.Value
		}
	}
	return all
}

// changedOptions are the names of what two files say differently of the process,
// but for the seed, which is of its proxies.
func changedOptions(was, is []configfile.Option) []string {
	values := func(list []configfile.Option) map[string]string {
		m := make(map[string]string)
		for _, o := range list {
			m[o.Name] = o.Value
		}
		return m
	}
	old, now := values(was), values(is)
	all := maps.Clone(old)
	maps.Copy(all, now)
	var names []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if old[name] != now[name] && name != "seed" {
			names = append(names, name)
		}
	}
	return names
}

// cleaned is an error in a form that is safe to draw: it may have words of a file.
func cleaned(err error) string { return terminal.Clean(err.Error()) }
