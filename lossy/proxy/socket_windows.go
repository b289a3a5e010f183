package proxy

import (
	"net"

	"golang.org/x/sys/windows"
)

const (
	errMessageSize = windows.WSAEMSGSIZE
	errReset       = windows.WSAECONNRESET
)

// askBuffers asks for socket buffers of that many bytes.
func askBuffers(fd uintptr, bytes int) {
	_ = windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_RCVBUF, bytes)
	_ = windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_SNDBUF, bytes)
}

// refuseBroadcast keeps a socket from addresses that are everybody.
func refuseBroadcast(fd uintptr) {
	_ = windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_BROADCAST, 0)
}

// grantedBuffers reads back the sizes in force.
func grantedBuffers(c *net.UDPConn) (receive, send int) {
	control(c, func(fd uintptr) {
		receive, _ = windows.GetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_RCVBUF)
		send, _ = windows.GetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_SNDBUF)
	})
	return receive, send
}

// kernelDrops is not told per socket here.
func kernelDrops(*net.UDPConn) uint64 { return 0 }
