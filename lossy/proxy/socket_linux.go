package proxy

import (
	"math"
	"net"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	errMessageSize = syscall.EMSGSIZE
	errReset       = syscall.ECONNRESET
)

// askBuffers asks for socket buffers of that many bytes, past the system's limits
// (net.core.rmem_max) where we may administer the network.
func askBuffers(fd uintptr, bytes int) {
	for _, o := range [][2]int{{unix.SO_RCVBUF, unix.SO_RCVBUFFORCE}, {unix.SO_SNDBUF, unix.SO_SNDBUFFORCE}} {
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, o[0], bytes)
		if granted, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, o[0]); err == nil && granted/2 < bytes {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, o[1], bytes)
		}
	}
}

// refuseBroadcast keeps a socket from addresses that are everybody.
func refuseBroadcast(fd uintptr) {
	_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 0)
}

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
// receive buffer was full, since the socket was opened, 0 once it is closed.
func kernelDrops(c *net.UDPConn) (drops uint64) {
	control(c, func(fd uintptr) { drops = overflow(int(fd)) })
	return drops
}

// overflow is the counter that SO_RXQ_OVFL attaches to later datagrams, but
// asked for directly (SO_MEMINFO, Linux 4.12), so it is exact even when no
// datagram follows.
func overflow(fd int) uint64 {
	const fields, drops = 9, 8 // SK_MEMINFO_VARS and SK_MEMINFO_DROPS of linux/sock_diag.h
	var info [fields]uint32
	length := uint32(unsafe.Sizeof(info))
	// On error info stays zero: then the kernel does not tell.
	unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&length)), 0)
	return uint64(info[drops])
}

// overflows counts the datagrams that the kernel dropped at a socket whose
// arrivals it joins. It counts a joined message as one, so each is taken to
// have held as many datagrams as those that were read around that time: exact
// as long as nothing is joined, an estimate else.
type overflows struct {
	mu                  sync.Mutex
	raw                 uint64 // as the kernel counts
	datagrams           uint64
	messages, delivered uint64 // read since raw last rose: messages, and datagrams in them
}

// read notes what was read.
func (o *overflows) read(messages []message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.messages += uint64(len(messages))
	for i := range messages {
		o.delivered += uint64(messages[i].count())
	}
}

// count returns how many datagrams were dropped, given what the kernel says.
// It never falls.
func (o *overflows) count(raw uint64) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if raw > o.raw {
		each := 1.0
		if o.messages > 0 {
			each = float64(o.delivered) / float64(o.messages)
		}
		o.datagrams += uint64(math.Round(float64(raw-o.raw) * each))
		o.raw, o.messages, o.delivered = raw, 0, 0
	}
	return o.datagrams
}
