package capture

import (
	"encoding/binary"
	"net/netip"

	"udplab/lossy"
)

// Sizes of headers, in bytes.
const (
	ipv4Header = 20
	ipv6Header = 40
	udpHeader  = 8
)

const (
	protocolUDP = 17
	hops        = 64
)

// appendDatagram writes a UDP datagram with its IP header (RFC 768, RFC 791, RFC
// 8200). Between addresses of two kinds it is IPv6, with the IPv4 address mapped.
func appendDatagram(dst []byte, from, to netip.AddrPort, mark lossy.ECN, payload []byte) []byte {
	a, b := from.Addr(), to.Addr()
	length := udpHeader + len(payload)
	var pseudo uint32
	if a.Is4() && b.Is4() {
		at := len(dst)
		dst = append(dst, 4<<4|ipv4Header/4, byte(mark))
		dst = binary.BigEndian.AppendUint16(dst, uint16(ipv4Header+length))
		dst = append(dst, 0, 0, 0x40, 0, hops, protocolUDP, 0, 0) // no fragments
		dst = append(append(dst, a.AsSlice()...), b.AsSlice()...)
		binary.BigEndian.PutUint16(dst[at+10:], ^fold(sum(0, dst[at:])))
		pseudo = sum(sum(0, a.AsSlice()), b.AsSlice())
	} else {
		x, y := a.As16(), b.As16()
		dst = append(dst, 6<<4, byte(mark)<<4, 0, 0)
		dst = binary.BigEndian.AppendUint16(dst, uint16(length))
		dst = append(dst, protocolUDP, hops)
		dst = append(append(dst, x[:]...), y[:]...)
		pseudo = sum(sum(0, x[:]), y[:])
	}
	at := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, from.Port())
	dst = binary.BigEndian.AppendUint16(dst, to.Port())
	dst = binary.BigEndian.AppendUint16(dst, uint16(length))
	dst = append(dst, 0, 0)
	dst = append(dst, payload...)
	checksum := ^fold(sum(pseudo+protocolUDP+uint32(length), dst[at:]))
	if checksum == 0 {
		checksum = 0xffff // 0 would mean that there is none
	}
	binary.BigEndian.PutUint16(dst[at+6:], checksum)
	return dst
}

// sum adds 16-bit words to a checksum (RFC 1071).
func sum(s uint32, b []byte) uint32 {
	for ; len(b) > 1; b = b[2:] {
		s += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	return s
}

func fold(s uint32) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}
