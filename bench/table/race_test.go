//go:build race

package table

// raceEnabled: the race detector makes everything about ten times slower, and
// there is one goroutine per world, so a part of the runs is enough.
const raceEnabled = true
