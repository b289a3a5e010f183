package tunnel

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// host is a network namespace with a TUN device, on a thread of its own.
type host struct {
	packets *os.File // of the device: a Read or Write is one IP packet
	calls   chan func()
	ended   sync.WaitGroup
}

// newHost makes a namespace with an address. The thread is never unlocked, so it
// ends with its goroutine, and nobody else ever runs in the namespace.
func newHost(addr netip.Addr) (*host, error) {
	h := &host{calls: make(chan func())}
	ready := make(chan error)
	h.ended.Go(func() {
		runtime.LockOSThread()
		err := h.enter(addr)
		ready <- err
		if err != nil {
			return
		}
		for f := range h.calls {
			f()
		}
	})
	if err := <-ready; err != nil {
		h.ended.Wait()
		return nil, err
	}
	return h, nil
}

func (h *host) enter(addr netip.Addr) error {
	err := unix.Unshare(unix.CLONE_NEWNET)
	if errors.Is(err, unix.EPERM) {
		return fmt.Errorf("%w: unshare: %w", ErrUnavailable, err)
	}
	if err != nil {
		return os.NewSyscallError("unshare", err)
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("%w: /dev/net/tun: %w", ErrUnavailable, err)
	}
	if err := configure(fd, addr); err != nil {
		return errors.Join(err, unix.Close(fd))
	}
	// Into the poller, which would call a device that is not attached yet broken.
	h.packets = os.NewFile(uintptr(fd), "tun")
	return nil
}

// configure gives the device behind fd a name, an address and a size of packets,
// and starts it.
func configure(fd int, addr netip.Addr) error {
	const device = "tun0"
	control, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(control)
	ip, mask := addr.As4(), [4]byte{255, 255, 255, 0}
	steps := []struct {
		what string
		fd   int
		call uint
		set  func(*unix.Ifreq) error
	}{
		{"TUNSETIFF", fd, unix.TUNSETIFF, func(r *unix.Ifreq) error { r.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI); return nil }},
		{"SIOCSIFADDR", control, unix.SIOCSIFADDR, func(r *unix.Ifreq) error { return r.SetInet4Addr(ip[:]) }},
		{"SIOCSIFNETMASK", control, unix.SIOCSIFNETMASK, func(r *unix.Ifreq) error { return r.SetInet4Addr(mask[:]) }},
		{"SIOCSIFMTU", control, unix.SIOCSIFMTU, func(r *unix.Ifreq) error { r.SetUint32(MTU); return nil }},
		{"SIOCSIFFLAGS", control, unix.SIOCSIFFLAGS, func(r *unix.Ifreq) error { r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING); return nil }},
	}
	for _, s := range steps {
		request, err := unix.NewIfreq(device)
		if err != nil {
			return err
		}
		if err := s.set(request); err != nil {
			return err
		}
		if err := unix.IoctlIfreq(s.fd, s.call, request); err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
	}
	return nil
}

// do runs f on the host's thread.
func (h *host) do(f func()) {
	done := make(chan struct{})
	h.calls <- func() {
		defer close(done)
		f()
	}
	<-done
}

func (h *host) close() {
	close(h.calls)
	_ = h.packets.Close()
	h.ended.Wait()
}

// isClosed says that the device was closed while it was read.
func isClosed(err error) bool { return errors.Is(err, os.ErrClosed) }
