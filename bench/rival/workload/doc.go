// Package workload is what every contender has to do: bulk, ping-pong, opening
// connections, idling, and the same through bad networks. A run of one gives a
// few named figures; package record puts runs together and judges them.
package workload
