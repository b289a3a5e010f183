package udp

import (
	"context"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// ListenShards opens n sockets on one address. The kernel spreads datagrams over
// them by the addresses and ports of both ends (SO_REUSEPORT, man 7 socket), so
// those of one sender come to one socket until its address changes. One socket
// shares its port with nobody.
func ListenShards(network string, addr *net.UDPAddr, n int) (sockets []*Socket, err error) {
	if n <= 1 {
		c, err := net.ListenUDP(network, addr)
		if err != nil {
			return nil, err
		}
		return []*Socket{New(c)}, nil
	}
	config := net.ListenConfig{Control: sharePort}
	at := addr.String()
	for range n {
		c, err := config.ListenPacket(context.Background(), network, at)
		if err != nil {
			for _, s := range sockets {
				s.Close()
			}
			return nil, err
		}
		sockets = append(sockets, New(c))
		at = c.LocalAddr().String() // the first may have chosen the port
	}
	return sockets, nil
}

func sharePort(_, _ string, c syscall.RawConn) (err error) {
	if e := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	}); e != nil {
		return e
	}
	return err
}
