//go:build race

package proxy

// raceEnabled: the race detector makes everything about ten times slower, so a
// fifth of the datagrams is enough.
const raceEnabled = true
