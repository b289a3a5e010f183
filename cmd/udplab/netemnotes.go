package main

import (
	"udplab/cmd/internal/netflags"
	"udplab/lossy"
)

// tellNetwork says what a line of netem's became, and warns of figures in the
// settings that are not the true ones, and of settings that do nothing, unless a
// scenario will change them.
func tellNetwork(say *say, flags *netflags.Flags, network lossy.Config, changes bool) {
	for _, n := range flags.Notes() {
		say.note("%s", n)
	}
	for _, w := range network.Warnings() {
		say.warn("%s", w)
	}
	if changes {
		return
	}
	for _, i := range network.Inert() {
		say.warn("%s", i.Text("--"))
	}
}
