package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Values of -o. What each means is rule 2 of say.go.
const (
	formatText  = "text"
	formatJSON  = "json"
	formatJSONL = "jsonl"
)

// outputFormat is the -o flag of a command: one of the forms it offers.
type outputFormat struct {
	value   string
	offered []string
}

// newOutputFormat offers the named forms; the first is the default.
func newOutputFormat(offered ...string) *outputFormat {
	return &outputFormat{value: offered[0], offered: offered}
}

// addTo gives cmd the flags -o and --output.
func (f *outputFormat) addTo(cmd *cobra.Command) {
	cmd.Flags().VarP(f, "output", "o", "output format: "+strings.Join(f.offered, ", "))
	complete := cobra.FixedCompletions(f.offered, cobra.ShellCompDirectiveNoFileComp)
	if err := cmd.RegisterFlagCompletionFunc("output", complete); err != nil {
		panic("BUG: " + err.Error()) // the flag was added two lines above
	}
}

func (f *outputFormat) is(form string) bool { return f.value == form }

// String is the current form; part of pflag.Value.
func (f *outputFormat) String() string { return f.value }

// Type names the value in --help; part of pflag.Value.
func (f *outputFormat) Type() string { return "format" }

// Set takes one of the offered forms; part of pflag.Value.
func (f *outputFormat) Set(s string) error {
	if !slices.Contains(f.offered, s) {
		return fmt.Errorf("must be one of %s", strings.Join(f.offered, ", "))
	}
	f.value = s
	return nil
}
