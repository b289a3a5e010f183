package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// versionReport is what `udplab version -o json` prints. It comes from the
// build information that the Go tool puts into every binary, so `go install`
// is enough to have it right.
type versionReport struct {
	Schema   string `json:"schema"` // udplab/version/v1
	Version  string `json:"version"`
	Revision string `json:"revision"` // commit, empty if built outside a checkout
	Time     string `json:"time"`     // of the commit, RFC 3339
	Modified bool   `json:"modified"` // the checkout had uncommitted changes
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

func newVersionCmd(d deps) *cobra.Command {
	format := newOutputFormat(formatText, formatJSON)
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print what this binary was built from",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			say := newSay(d)
			info, _ := debug.ReadBuildInfo()
			report := versionOf(info)
			if format.is(formatJSON) {
				return say.object(report)
			}
			say.data("%s", report)
			return nil
		},
	}
	format.addTo(cmd)
	return cmd
}

// versionOf reads a build information; nil, as in a binary built without
// modules, gives "unknown".
func versionOf(info *debug.BuildInfo) versionReport {
	r := versionReport{
		Schema:  "udplab/version/v1",
		Version: "unknown",
		Go:      runtime.Version(),
		OS:      runtime.GOOS,
		Arch:    runtime.GOARCH,
	}
	if info == nil {
		return r
	}
	r.Version = info.Main.Version
	if r.Version == "" || r.Version == "(devel)" {
		r.Version = "devel"
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			r.Revision = s.Value
		case "vcs.time":
			r.Time = s.Value
		case "vcs.modified":
			r.Modified = s.Value == "true"
		}
	}
	return r
}

// String is the text form, one line.
func (r versionReport) String() string {
	s := "udplab " + r.Version
	if r.Revision != "" {
		s += " commit " + r.Revision[:min(12, len(r.Revision))]
		if r.Modified {
			s += " modified"
		}
	}
	return fmt.Sprintf("%s %s %s/%s", s, r.Go, r.OS, r.Arch)
}
