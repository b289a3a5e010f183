package wireshark

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"
)

// A datagram is what a capture keeps of one UDP datagram.
type datagram struct {
	from, to netip.AddrPort
	payload  []byte
	at       time.Duration // since the epoch of the capture
	cut      int           // bytes of the payload the capture lost, from the end
}

const (
	linkRaw    = 101    // LINKTYPE_RAW: a packet starts with its IP header
	snapLength = 262144 // the most that Wireshark reads
	ipv4Header = 20
	ipv6Header = 40
	udpHeader  = 8
	udpProto   = 17
)

// pcap writes a classic capture file (draft-ietf-opsawg-pcap), nanoseconds,
// little-endian.
func pcap(t testing.TB, datagrams []datagram) []byte {
	t.Helper()
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xa1b23c4d)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...) // time zone and accuracy, always 0
	b = le.AppendUint32(b, snapLength)
	b = le.AppendUint32(b, linkRaw)
	for _, d := range datagrams {
		ip := packetIP(t, d)
		b = le.AppendUint32(b, uint32(d.at/time.Second))
		b = le.AppendUint32(b, uint32(d.at%time.Second))
		b = le.AppendUint32(b, uint32(len(ip)-d.cut))
		b = le.AppendUint32(b, uint32(len(ip)))
		b = append(b, ip[:len(ip)-d.cut]...)
	}
	return b
}

// packetIP puts IP and UDP headers before a datagram. The UDP checksum is 0,
// which is allowed in IPv4 and of no interest to the dissector in IPv6.
func packetIP(t testing.TB, d datagram) []byte {
	t.Helper()
	be := binary.BigEndian
	size := udpHeader + len(d.payload)
	var b []byte
	if d.from.Addr().Is4() {
		b = append(b, 0x45, 0)
		b = be.AppendUint16(b, uint16(ipv4Header+size))
		b = append(b, 0, 0, 0, 0, 64, udpProto, 0, 0)
		if ipv4Header+size > 65535 {
			t.Fatalf("a datagram of %d bytes does not fit into IPv4", len(d.payload))
		}
	} else {
		b = append(b, 0x60, 0, 0, 0)
		b = be.AppendUint16(b, uint16(size))
		b = append(b, udpProto, 64)
	}
	b = append(append(b, d.from.Addr().AsSlice()...), d.to.Addr().AsSlice()...)
	if d.from.Addr().Is4() {
		be.PutUint16(b[10:], headerSum(b))
	}
	b = be.AppendUint16(b, d.from.Port())
	b = be.AppendUint16(b, d.to.Port())
	b = be.AppendUint16(b, uint16(size))
	b = append(b, 0, 0)
	return append(b, d.payload...)
}

// headerSum is the checksum of an IPv4 header (RFC 791 section 3.1).
func headerSum(b []byte) uint16 {
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// Ports nothing else in Wireshark listens on.
var (
	clientAddr  = netip.MustParseAddrPort("192.0.2.1:40001")
	serverAddr  = netip.MustParseAddrPort("192.0.2.2:40002")
	clientAddr6 = netip.MustParseAddrPort("[2001:db8::1]:40001")
	serverAddr6 = netip.MustParseAddrPort("[2001:db8::2]:40002")
)

// inCapture puts payloads into a capture, a millisecond apart.
func inCapture(payloads [][]byte) []datagram {
	all := make([]datagram, len(payloads))
	for i, p := range payloads {
		all[i] = datagram{from: clientAddr, to: serverAddr, payload: p, at: time.Duration(i) * time.Millisecond}
		if ipv4Header+udpHeader+len(p) > 65535 {
			all[i].from, all[i].to = clientAddr6, serverAddr6
		}
	}
	return all
}

func TestPcapHeaders(t *testing.T) {
	b := pcap(t, []datagram{{from: clientAddr, to: serverAddr, payload: []byte("hello"), at: 1500 * time.Millisecond, cut: 2}})
	want := "\x4d\x3c\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x65\x00\x00\x00" + // file
		"\x01\x00\x00\x00\x00\x65\xcd\x1d\x1f\x00\x00\x00\x21\x00\x00\x00" + // record: 31 of 33 bytes
		"\x45\x00\x00\x21\x00\x00\x00\x00\x40\x11\xf6\xc8\xc0\x00\x02\x01\xc0\x00\x02\x02" +
		"\x9c\x41\x9c\x42\x00\x0d\x00\x00hel"
	if !bytes.Equal(b, []byte(want)) {
		t.Errorf("got\n% x\nwant\n% x", b, want)
	}
}
