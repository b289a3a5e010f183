//go:build !linux

package proxy

func newSystem() system { return new(portable) }

// outgoing is empty: package net needs nothing to send a datagram.
type outgoing struct{}
