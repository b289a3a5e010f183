//go:build race

package udp

// Under the race detector sync.Pool forgets what it holds at random, so that
// what is borrowed from one is at times allocated.
const poolsForget = true
