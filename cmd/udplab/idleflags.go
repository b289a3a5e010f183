package main

import (
	"slices"

	"github.com/spf13/pflag"

	"udplab/cmd/internal/configfile"
)

// dependents are flags that act on what another one asks for, and do nothing
// without it.
var dependents = []struct{ flag, needs string }{
	{"log-times", "log"},
	{"replay-after", "replay"},
	{"pcap-limit", "pcap"},
	{"pcap-snaplen", "pcap"},
	{"metrics-token-file", "metrics"},
}

// warnIdleFlags warns of flags that were given and do nothing.
func warnIdleFlags(say *say, flags *pflag.FlagSet) {
	given := func(name string) bool {
		f := flags.Lookup(name)
		return f != nil && f.Changed && f.Value.String() != ""
	}
	for _, d := range dependents {
		if given(d.flag) && !given(d.needs) {
			say.warn("--%s has no effect without --%s", d.flag, d.needs)
		}
	}
}

// warnIdleOptions is warnIdleFlags for what a file has in their place.
func warnIdleOptions(say *say, file *configfile.File) {
	given := func(name string) bool {
		return slices.ContainsFunc(file.Options, func(o configfile.Option) bool { return o.Name == name })
	}
	for _, d := range dependents {
		if given(d.flag) && !given(d.needs) {
			say.warn("%s: %s has no effect without %s", file.Document.Name(), d.flag, d.needs)
		}
	}
}
