package udp

import (
	"sync"

	"golang.org/x/sys/unix"
)

// kernel is what can be expected of the system before a socket tries.
type kernel struct {
	send, receive Rung
	manglesEqual  bool
}

var kernelHere = sync.OnceValue(func() kernel {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return kernel{send: Single, receive: Single}
	}
	return kernelOf(versionOf(unix.ByteSliceToString(name.Release[:])), exists(unix.SYS_SENDMMSG), exists(unix.SYS_RECVMMSG))
})

// kernelOf judges by the version, and whether the calls for many messages are
// there: sandboxes lack them. Whether the options of segments are, each socket
// finds out.
func kernelOf(v version, sendmmsg, recvmmsg bool) kernel {
	k := kernel{send: Single, receive: Single}
	if sendmmsg {
		k.send = Batch
	}
	if recvmmsg {
		k.receive = Batch
	}
	// UDP_SEGMENT is of 4.18, where it made connections unusably slow
	// (quic-go#3911). UDP_GRO is of 5.0, and lost datagrams before 5.12
	// (wireguard-go c92064f).
	if sendmmsg && v.from(5, 0, 0) {
		k.send = Segments
	}
	if recvmmsg && v.from(5, 12, 0) {
		k.receive = Segments
	}
	// Segments that are all of one size leave with wrong headers, on some
	// devices (torvalds/linux b10b446, mended by 5f17ae0).
	k.manglesEqual = v.from(7, 0, 0) && !v.from(7, 1, 5)
	return k
}

// exists reports whether the system has a call: with no descriptor, it fails
// for that reason.
func exists(call uintptr) bool {
	_, _, errno := unix.Syscall6(call, ^uintptr(0), 0, 0, 0, 0, 0)
	return errno == unix.EBADF
}

// version is that of a kernel.
type version [3]int

// from reports whether it is that or a later one.
func (v version) from(major, minor, patch int) bool {
	for i, than := range [...]int{major, minor, patch} {
		if v[i] != than {
			return v[i] > than
		}
	}
	return true
}

// versionOf reads the numbers that a release begins with: "6.8.0-41-generic".
func versionOf(release string) (v version) {
	part := 0
	for _, c := range release {
		switch {
		case c >= '0' && c <= '9':
			v[part] = v[part]*10 + int(c-'0')
		case c == '.' && part < len(v)-1:
			part++
		default:
			return v
		}
	}
	return v
}
