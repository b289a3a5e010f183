package proxy

import (
	"bytes"
	"net/netip"
	"sync"

	"golang.org/x/sys/unix"

	"udplab/lossy"
)

// What batches can do here is found out over loopback, once: sandboxes lack
// the calls, and kernels have been released that mangle segments, so neither
// their presence nor a version number would tell.
var (
	batchesWork  = sync.OnceValue(func() bool { return batchArrives(false, false) })
	segmentsWork = sync.OnceValue(func() bool { return batchArrives(true, false) && batchArrives(true, true) })
	sourcesWork  = sync.OnceValue(sourceArrives)
)

// sourceArrives sends a datagram from an address of ours that the system would not
// have chosen, and looks at where it comes from.
func sourceArrives() bool {
	receiver, at, ok := loopbackSocket()
	if !ok {
		return false
	}
	defer unix.Close(receiver)
	sender, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer unix.Close(sender)
	unusual := netip.AddrFrom4([4]byte{127, 0, 0, 2})
	from := sourceOf(local{addr: unusual})
	if err := unix.Sendmsg(sender, []byte("from"), from.bytes(), at, 0); err != nil {
		return false
	}
	if !arrives(receiver) {
		return false
	}
	messages, errno := newInbox().receive(receiver, true)
	return errno == 0 && len(messages) == 1 && messages[0].from.Addr() == unusual
}

// batchArrives sends a burst, as segments of one message or not, and looks at
// what is received, joined or not.
func batchArrives(segmented, joined bool) bool {
	const size, count = 1000, 5 // bytes, datagrams
	receiver, at, ok := loopbackSocket()
	if !ok {
		return false
	}
	defer unix.Close(receiver)
	sender, _, ok := loopbackSocket()
	if !ok {
		return false
	}
	defer unix.Close(sender)
	if err := unix.Connect(sender, at); err != nil {
		return false
	}
	if joined {
		if unix.SetsockoptInt(receiver, unix.IPPROTO_UDP, unix.UDP_GRO, 1) != nil {
			return false
		}
	}
	b := newBurst()
	for i := range count {
		b.bytes = append(b.bytes, bytes.Repeat([]byte{byte('a' + i)}, size)...)
		b.added(0, lossy.NotECT)
	}
	sent := bytes.Clone(b.bytes)
	var s segments
	if segmented {
		s.most.Store(maxDatagram)
	}
	if taken, err := s.send(sender, nil, b, 0); err != nil || taken != count || s.allow(size) != segmented {
		return false
	}
	in, arrived := newInbox(), []byte(nil)
	for datagrams := 0; datagrams < count; {
		if !arrives(receiver) {
			return false
		}
		messages, errno := in.receive(receiver, false)
		if errno != 0 {
			return false
		}
		for _, m := range messages {
			for more := true; more; datagrams++ {
				var d []byte
				if d, more = m.next(); len(d) != size {
					return false
				}
				arrived = append(arrived, d...)
			}
		}
	}
	return bytes.Equal(arrived, sent)
}

// arrives waits until something has come over loopback, or will not.
func arrives(receiver int) bool {
	const patience = 100 // ms
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(receiver), Events: unix.POLLIN}}, patience)
	return err == nil && n > 0
}

// loopbackSocket opens a socket at an address of the system's choice.
func loopbackSocket() (fd int, at unix.Sockaddr, ok bool) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, nil, false
	}
	if err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err == nil {
		at, err = unix.Getsockname(fd)
	}
	if err != nil {
		unix.Close(fd)
		return -1, nil, false
	}
	return fd, at, true
}
