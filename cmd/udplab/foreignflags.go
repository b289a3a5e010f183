package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// foreign are flags as toxiproxy, comcast, clumsy and others have them, with what
// they are called here.
var foreign = map[string]string{
	"latency": "delay", "lag": "delay",
	"bandwidth": "rate", "bw": "rate", "throttle": "rate", "default-bw": "rate", "target-bw": "rate",
	"packet-loss": "loss", "packetloss": "loss", "drop-rate": "loss", "drop-chance": "loss",
	"duplication": "duplicate", "dup": "duplicate",
	"corruption": "corrupt", "tamper": "corrupt",
	"reordering": "reorder", "out-of-order": "reorder", "ood": "reorder",
	"target": "upstream", "target-addr": "upstream", "remote": "upstream", "server": "upstream", "backend": "upstream", "u": "upstream",
	"bind": "listen", "local": "listen", "port": "listen", "l": "listen",
	"c": "config", "o": "output", "v": "version",
}

// foreignFlag is what a command has for a flag of another tool, "" if it has none.
func foreignFlag(cmd *cobra.Command, name string) string {
	way := ""
	for _, direction := range []string{"up-", "down-"} {
		if rest, found := strings.CutPrefix(name, direction); found {
			way, name = direction, rest
		}
	}
	ours, known := foreign[strings.ToLower(name)]
	if !known || cmd.Flags().Lookup(way+ours) == nil {
		return ""
	}
	return way + ours
}
