package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"udplab/cmd/internal/terminal"
	"udplab/lossy/spelling"
)

// otherEnv are the variables that set no flag: of tokens, of shrink for what it runs,
// and of the library.
var otherEnv = []string{envAPIToken, envAPIToken + "_FILE", "UDPLAB_PROXY", "UDPLAB_DROPS", "UDPLAB_OFFLOAD"}

// warnUnknownEnv warns of variables that look like ours and mean nothing: one that
// was mistyped would leave its flag alone in silence.
func warnUnknownEnv(cmd *cobra.Command, environ []string, say *say) {
	var own, all []string // of this command, and of any
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) || value == "" || ofCluster(name) {
			continue
		}
		if all == nil {
			own = append(envOf(cmd), otherEnv...)
			all = append(envBelow(cmd.Root()), own...)
		}
		if slices.Contains(all, name) {
			continue
		}
		name = terminal.Clean(name[:min(len(name), 100)])
		near := spelling.Nearest(name, own)
		if near == "" {
			near = spelling.Nearest(name, all)
		}
		if near == "" {
			say.warn("environment variable %s sets no flag of any command", name)
			continue
		}
		say.warn("environment variable %s sets no flag, did you mean %s?", name, near)
	}
}

// envOf are the variables that set flags of a command.
func envOf(cmd *cobra.Command) (names []string) {
	add := func(f *pflag.Flag) {
		if f.Annotations[noEnv] == nil && f.Name != "help" {
			names = append(names, envNames(cmd, f.Name)...)
		}
	}
	cmd.LocalFlags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	return names
}

// envBelow are those of a command and of all below it.
func envBelow(cmd *cobra.Command) []string {
	names := envOf(cmd)
	for _, child := range cmd.Commands() {
		names = append(names, envBelow(child)...)
	}
	return names
}

// ofCluster says whether Kubernetes has set a variable, as it does in every pod for a
// service named udplab.
func ofCluster(name string) bool {
	return strings.HasPrefix(name, envPrefix+"SERVICE_") || name == envPrefix+"PORT" || strings.HasPrefix(name, envPrefix+"PORT_")
}
