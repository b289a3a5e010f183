// Package wireshark holds the Wireshark dissector of udplab's packets.
//
// The dissector is the Lua script udplab.lua; README.md says where it goes. This
// package embeds it, so that a binary can print what fits its own wire format.
// Its tests run tshark and hold the dissector to package proto: what the one
// says of a datagram, the other says too.
package wireshark

import _ "embed"

// Dissector is the Lua script, for Wireshark 3.6 and later. Read only.
//
//go:embed udplab.lua
var Dissector string
