package udp

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// force is Enlarge past the system's limits, for those who may administer the
// network.
func (s *Socket) force(bytes int) {
	s.control(func(fd uintptr) {
		// A refusal needs no error: what is in force stays.
		if granted, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF); granted/2 < bytes {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, bytes)
		}
		if granted, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF); granted/2 < bytes {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, bytes)
		}
	})
}

// ReceiveBuffer returns the bytes of receive buffer in force, 0 if the socket
// does not tell. Linux doubles what it grants, for its bookkeeping, and
// reports the double (man 7 socket).
func (s *Socket) ReceiveBuffer() int { return s.granted(unix.SO_RCVBUF) }

// SendBuffer is ReceiveBuffer of the other direction.
func (s *Socket) SendBuffer() int { return s.granted(unix.SO_SNDBUF) }

func (s *Socket) granted(option int) (bytes int) {
	s.control(func(fd uintptr) {
		bytes, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, option)
	})
	return bytes / 2
}

// KernelDrops returns how many datagrams the kernel dropped because the
// receive buffer was full. It is the counter of SO_RXQ_OVFL, asked for
// directly (SO_MEMINFO, Linux 4.12), so it is right even when no datagram
// follows. 0 if the kernel does not tell; an estimate where it joins datagrams.
func (s *Socket) KernelDrops() uint64 {
	const fields, drops = 9, 8 // SK_MEMINFO_VARS and SK_MEMINFO_DROPS of linux/sock_diag.h
	var info [fields]uint32
	length := uint32(unsafe.Sizeof(info))
	s.control(func(fd uintptr) {
		unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&length)), 0)
	})
	if s.messages == nil { // nothing is joined
		return uint64(info[drops])
	}
	return s.messages.drops.count(uint64(info[drops]))
}

// control runs f on the socket's descriptor, if it has one.
func (s *Socket) control(f func(fd uintptr)) {
	sc, ok := s.pc.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := sc.SyscallConn(); err == nil {
		_ = raw.Control(f) // fails only on a closed socket
	}
}
