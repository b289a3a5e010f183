//go:build race

package evidence

// raceEnabled: the race detector makes everything about ten times slower, and
// a model is sequential, so a fifth of the packets is enough.
const raceEnabled = true
