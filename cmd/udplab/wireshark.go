package main

import (
	"strings"

	"github.com/spf13/cobra"

	"udplab/proto/wireshark"
)

const wiresharkLong = `Print the dissector that makes Wireshark and tshark understand udplab's packets:
a Lua script, for Wireshark 3.6 and later. It goes into the folder that Wireshark
shows under Help > About > Folders > Personal Lua Plugins, usually

  Linux, macOS   ~/.local/lib/wireshark/plugins/
  Windows        %APPDATA%\Wireshark\plugins\

and is there after a restart, or after Analyze > Reload Lua Plugins. It finds
packets on any port, and holds what it reads to the same rules as udplab.`

const wiresharkExample = `  mkdir -p ~/.local/lib/wireshark/plugins
  udplab wireshark > ~/.local/lib/wireshark/plugins/udplab.lua
  tshark -i lo -Y 'udplab.answer == "malformed" || udplab.analysis.missing'`

// newWiresharkCmd prints the dissector that fits the packets of this binary.
func newWiresharkCmd(d deps) *cobra.Command {
	return &cobra.Command{
		Use:     "wireshark",
		Short:   "Print a dissector for Wireshark",
		Long:    wiresharkLong,
		Example: wiresharkExample,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			newSay(d).data("%s", strings.TrimSuffix(wireshark.Dissector, "\n"))
			return nil
		},
	}
}
