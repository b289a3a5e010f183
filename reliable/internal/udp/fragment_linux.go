package udp

import "golang.org/x/sys/unix"

// KeepWhole asks the system never to cut datagrams into IP fragments, and
// reports whether it does as asked: then a datagram that is too large for the
// path is lost, and probes of the packet size mean something (RFC 8899 section
// 3). IP_PMTUDISC_PROBE also has the system forget what it believes of the
// path itself (man 7 ip).
func (s *Socket) KeepWhole() bool {
	whole := false
	s.control(func(fd uintptr) {
		v4 := unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_PROBE)
		v6 := unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_PROBE)
		// A socket of IPv4 knows no options of IPv6. One of IPv6 may send to
		// both, and knows both.
		domain, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
		whole = v4 == nil && (v6 == nil || domain == unix.AF_INET)
	})
	return whole
}
