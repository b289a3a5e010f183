package udp

import (
	"net"
	"net/netip"
	"strconv"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// senders reads the addresses of messages, which mostly come from the sender of
// the one before. It belongs to one goroutine.
type senders struct {
	last  unix.RawSockaddrInet6 // of the message before, and
	from  netip.AddrPort        // what it says
	zones map[uint32]string
}

func (s *senders) sender(name *unix.RawSockaddrInet6) netip.AddrPort {
	if name.Family == unix.AF_INET {
		// The kernel wrote only as much as an IPv4 address takes.
		v4 := *(*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		*name = unix.RawSockaddrInet6{}
		*(*unix.RawSockaddrInet4)(unsafe.Pointer(name)) = v4
	}
	if *name != s.last {
		s.last, s.from = *name, s.parse(name)
	}
	return s.from
}

func (s *senders) parse(name *unix.RawSockaddrInet6) netip.AddrPort {
	port := (*[2]byte)(unsafe.Pointer(&name.Port)) // at the same place in either family
	p := uint16(port[0])<<8 | uint16(port[1])
	if name.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), p)
	}
	a := netip.AddrFrom16(name.Addr).Unmap()
	if name.Scope_id != 0 && a.Is6() {
		a = a.WithZone(s.zone(name.Scope_id))
	}
	return netip.AddrPortFrom(a, p)
}

// zone is the name of a network interface, as package net spells it.
func (s *senders) zone(index uint32) string {
	if name, known := s.zones[index]; known {
		return name
	}
	name := strconv.FormatUint(uint64(index), 10)
	if i, err := net.InterfaceByIndex(int(index)); err == nil {
		name = i.Name
	}
	if s.zones == nil {
		s.zones = make(map[uint32]string)
	}
	s.zones[index] = name
	return name
}

// destination is an address as the kernel reads it.
type destination struct {
	name   unix.RawSockaddrInet6 // large enough for IPv4
	length uint32
}

// set writes an address for a socket of IPv6 or of IPv4, and reports whether it
// can be reached from there.
func (d *destination) set(to netip.AddrPort, v6 bool, scopes *scopes) (ok bool) {
	a := to.Addr().Unmap()
	switch {
	case !a.IsValid() || !v6 && !a.Is4():
		return false
	case v6:
		d.name = unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: a.As16(), Scope_id: scopes.of(a.Zone())}
		d.length = unix.SizeofSockaddrInet6
	default:
		*(*unix.RawSockaddrInet4)(unsafe.Pointer(&d.name)) = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: a.As4()}
		d.length = unix.SizeofSockaddrInet4
	}
	*(*[2]byte)(unsafe.Pointer(&d.name.Port)) = [2]byte{byte(to.Port() >> 8), byte(to.Port())}
	return true
}

// scopes are the numbers of network interfaces that zones of addresses name.
type scopes struct {
	mu    sync.Mutex
	known map[string]uint32
}

func (s *scopes) of(zone string) uint32 {
	if zone == "" {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, known := s.known[zone]; known {
		return n
	}
	if i, err := net.InterfaceByName(zone); err == nil {
		if s.known == nil {
			s.known = make(map[string]uint32)
		}
		s.known[zone] = uint32(i.Index)
		return uint32(i.Index)
	}
	n, _ := strconv.ParseUint(zone, 10, 32) // 0, no scope, if it is neither
	return uint32(n)
}
