package main

import (
	"github.com/spf13/cobra"
)

// newBenchCmd is the parent of the benchmarks that are commands.
func newBenchCmd(d deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the engine against its targets",
		Long: `Bench measures udplab itself. The micro benchmarks of a message are Go
benchmarks: go test -bench . ./bench.`,
		Args:                       cobra.ArbitraryArgs, // so that RunE words the refusal
		SuggestionsMinimumDistance: 2,                   // cobra's own default, which it sets for the root alone
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return usageError(errNoBench, "try udplab bench table")
		},
	}
	cmd.AddCommand(newBenchTableCmd(d))
	return cmd
}
