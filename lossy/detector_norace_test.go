//go:build !race

package lossy

const raceEnabled = false
