package proxy

import (
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	errMessageSize = syscall.EMSGSIZE
	errReset       = syscall.ECONNRESET
)

// grantedBuffers reads back the sizes in force. Linux doubles what it grants,
// for its bookkeeping, and reports the double (man 7 socket).
func grantedBuffers(c *net.UDPConn) (receive, send int) {
	control(c, func(fd uintptr) {
		receive, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF)
		send, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF)
	})
	return receive / 2, send / 2
}

// kernelDrops reads how many datagrams the kernel dropped because the socket's
// receive buffer was full, since the socket was opened. It is the counter
// that SO_RXQ_OVFL attaches to later datagrams, but asked for directly
// (SO_MEMINFO, Linux 4.12), so it is exact even when no datagram follows.
func kernelDrops(c *net.UDPConn) uint64 {
	const fields, drops = 9, 8 // SK_MEMINFO_VARS and SK_MEMINFO_DROPS of linux/sock_diag.h
	var info [fields]uint32
	length := uint32(unsafe.Sizeof(info))
	control(c, func(fd uintptr) {
		// On error info stays zero: then the kernel does not tell.
		unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&length)), 0)
	})
	return uint64(info[drops])
}
