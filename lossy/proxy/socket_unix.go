//go:build unix && !linux

package proxy

import (
	"net"
	"syscall"
)

const (
	errMessageSize = syscall.EMSGSIZE
	errReset       = syscall.ECONNRESET
)

// askBuffers asks for socket buffers of that many bytes.
func askBuffers(fd uintptr, bytes int) {
	_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, bytes)
	_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, bytes)
}

// refuseBroadcast keeps a socket from addresses that are everybody.
func refuseBroadcast(fd uintptr) {
	_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_BROADCAST, 0)
}

// grantedBuffers reads back the sizes in force.
func grantedBuffers(c *net.UDPConn) (receive, send int) {
	control(c, func(fd uintptr) {
		receive, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF)
		send, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF)
	})
	return receive, send
}

// kernelDrops is not told per socket here.
func kernelDrops(*net.UDPConn) uint64 { return 0 }
