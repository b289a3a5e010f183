package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Where a flag's value comes from, first hit wins:
//
//  1. the command line            udplab proxy --loss 5%
//  2. the command's variable      UDPLAB_PROXY_LOSS=5%
//  3. the common variable         UDPLAB_LOSS=5%
//  4. the default in --help
//
// An empty variable counts as unset. It holds for every flag of every command
// without a line of code there, because applyEnv runs before any of them.
const envPrefix = "UDPLAB_"

// noEnv is the annotation of a flag that no variable sets, as its name means
// something else elsewhere.
const noEnv = "udplab-no-env"

// envNames lists the variables that can set a flag, most particular first.
// "udplab proxy --up-loss" gives UDPLAB_PROXY_UP_LOSS, UDPLAB_UP_LOSS.
func envNames(cmd *cobra.Command, flag string) []string {
	upper := func(s string) string {
		return strings.ToUpper(strings.NewReplacer("-", "_", " ", "_").Replace(s))
	}
	common := envPrefix + upper(flag)
	path := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name())
	if path = strings.TrimSpace(path); path == "" {
		return []string{common}
	}
	return []string{envPrefix + upper(path) + "_" + upper(flag), common}
}

// applyEnv sets the flags that the command line left alone from the
// environment. A flag set this way counts as given explicitly
// (pflag's Changed), exactly as if it stood on the command line.
func applyEnv(cmd *cobra.Command, lookup func(string) (string, bool)) error {
	var first error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || f.Annotations[noEnv] != nil || first != nil {
			return
		}
		for _, name := range envNames(cmd, f.Name) {
			value, ok := lookup(name)
			if !ok || value == "" {
				continue
			}
			if err := cmd.Flags().Set(f.Name, value); err != nil {
				first = usageError(refusedValue("environment variable "+name, value, err), "correct or unset it")
			}
			return
		}
	})
	return first
}
