//go:build race

package presets

// raceEnabled: links are sequential, so under the race detector, which makes
// everything about ten times slower, a fifth of the packets is enough.
const raceEnabled = true
