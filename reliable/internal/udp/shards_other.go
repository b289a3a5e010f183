//go:build !linux

package udp

import "net"

// ListenShards opens a socket. Other systems than Linux do not spread datagrams
// over several sockets of one address by their senders, so it is one whatever
// is asked for.
func ListenShards(network string, addr *net.UDPAddr, _ int) ([]*Socket, error) {
	c, err := net.ListenUDP(network, addr)
	if err != nil {
		return nil, err
	}
	return []*Socket{New(c)}, nil
}
