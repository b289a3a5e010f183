// Package toxiproxy holds no code: its tests drive the control API with
// toxiproxy's own client library and command line. It is a module of its own, so
// that what they depend on is no dependency of udplab.
package toxiproxy
