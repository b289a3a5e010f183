//go:build !race

package udp

const poolsForget = false
