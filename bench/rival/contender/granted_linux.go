package contender

import (
	"net"

	"golang.org/x/sys/unix"
)

// granted is the size of a socket's receive buffer, bytes; 0 if the system does
// not tell.
func granted(socket *net.UDPConn) int {
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0
	}
	size := 0
	_ = raw.Control(func(fd uintptr) {
		if size, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF); err != nil {
			size = 0
		}
	})
	return size
}
