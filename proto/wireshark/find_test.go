package wireshark

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func mustAddr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// named finds a vector.
func named(t *testing.T, name string) []byte {
	t.Helper()
	for _, v := range vectors(t) {
		if v.name == name {
			return v.bytes
		}
	}
	t.Fatalf("no vector is called %s", name)
	return nil
}

// protocols are what tshark takes each of the payloads for, with nothing to go
// by but the bytes; each travels between ports of its own.
func protocols(t *testing.T, payloads [][]byte, cut int, args ...string) []string {
	t.Helper()
	datagrams := inCapture(payloads)
	for i := range datagrams {
		datagrams[i].from = netip.AddrPortFrom(datagrams[i].from.Addr(), uint16(45000+i))
		datagrams[i].cut = cut
	}
	var got []string
	for _, row := range columns(t, Dissector, pcap(t, datagrams), []string{"frame.protocols", "_ws.lua.error"}, args...) {
		if row[1] != "" {
			t.Errorf("a Lua error: %q", row)
		}
		got = append(got, row[0][strings.LastIndex(row[0], ":")+1:])
	}
	return got
}

// What is a packet is found on any port, and so is one that was damaged behind
// its shape. What is none is left to others, even if it starts with the same
// byte, as RTP with an extension and msgpack of others do.
func TestFoundByItsBytes(t *testing.T) {
	flip := func(name string, bit int) []byte {
		b := bytes.Clone(named(t, name))
		b[bit/8] ^= 1 << (bit % 8)
		return b
	}
	rtp := append([]byte{0x90, 0x60, 0x12, 0x34, 0, 0, 0x10, 0, 1, 2, 3, 4, 0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0}, bytes.Repeat([]byte{0x55}, 160)...)
	cases := []struct {
		name    string
		payload []byte
		ours    bool
	}{
		{"a data packet", named(t, "data-typical"), true},
		{"a raw packet", named(t, "raw-text"), true},
		{"a hello of another version", named(t, "version-three"), true},
		{"malformed, and the crc is right", named(t, "ack-gap-zero"), true},
		{"a raw packet with a letter changed", named(t, "damaged-raw"), true},
		{"a message with a bit of its payload flipped", flip("message", 8*20), true},
		{"a message with a bit of its crc flipped", flip("message", 8*(len(named(t, "message"))-1)), true},
		{"a packet with its type destroyed", flip("message", 13), false},
		{"a packet without its end", named(t, "data-typical")[:30], false},
		{"RTP with an extension", rtp, false},
		{"an array of msgpack", []byte("\x94\x01\xa5hello\xc0\xce\x00\x01\x02\x03"), false},
		{"an array of msgpack that ends in 32 bits", []byte("\x93\x05\xcc\x07\xce\x00\x01\x02\x03"), false},
		{"text", []byte("hello"), false},
		{"one byte", []byte{0x90}, false},
		{"zeros", make([]byte, 100), false},
	}
	var payloads [][]byte
	for _, c := range cases {
		payloads = append(payloads, c.payload)
	}
	for i, protocol := range protocols(t, payloads, 0) {
		if c := cases[i]; (protocol == "udplab") != c.ours {
			t.Errorf("%s: taken for %s, want it to be udplab's: %v", c.name, protocol, c.ours)
		}
	}
}

// A capture that keeps the start of each packet only is still read as far as it
// goes, cut anywhere, and never says that a crc is wrong that it has not seen.
func TestCutByTheCapture(t *testing.T) {
	whole := named(t, "data-typical")
	var datagrams []datagram
	for cut := range len(whole) {
		d := inCapture([][]byte{whole})[0]
		d.cut = cut
		datagrams = append(datagrams, d)
	}
	rows := columns(t, Dissector, pcap(t, datagrams), []string{"_ws.col.Info", "udplab.crc.status", "udplab.number", "_ws.lua.error", "_ws.expert.message"}, forced...)
	for cut, row := range rows {
		kept := len(whole) - cut
		info, status, number := fmt.Sprintf("data, cut to %d of 44 bytes by the capture", kept), "2", ""
		switch {
		case cut == 0:
			info, status = "data 1111 [ack 2222 (1.024ms) 2221-2222] [message 0:3333 10B]", "1"
		case kept < 2:
			info = fmt.Sprintf("packet, cut to %d of 44 bytes by the capture", kept)
		}
		if kept >= 14 {
			number = "1111"
		}
		if row[0] != info || row[1] != status || row[2] != number || row[3] != "" || luaComplaint(row) {
			t.Errorf("with %d bytes kept tshark says %q, want %q, crc %s, number %s", kept, row, info, status, number)
		}
	}
	if got := protocols(t, [][]byte{whole, named(t, "hello-first"), []byte("\x94\x01\xa5hello\xc0\xce\x00\x01\x02\x03"), whole}, 3); fmt.Sprint(got) != "[udplab udplab data udplab]" {
		t.Errorf("cut packets are taken for %v", got)
	}
}

// The preference takes ports by force; text there is still no packet.
func TestPortsPreference(t *testing.T) {
	payloads := [][]byte{named(t, "damaged-cut"), []byte("hello")}
	if got := protocols(t, payloads, 0); fmt.Sprint(got) != "[data data]" {
		t.Errorf("without the preference: %v", got)
	}
	if got := protocols(t, payloads, 0, "-o", "udplab.ports:40002"); fmt.Sprint(got) != "[udplab data]" {
		t.Errorf("with the preference: %v", got)
	}
}

// Without relations, nothing is said of other packets.
func TestRelationsPreference(t *testing.T) {
	twice := named(t, "data-typical")
	capture := pcap(t, inCapture([][]byte{twice, twice}))
	for _, on := range []string{"TRUE", "FALSE"} {
		rows := columns(t, Dissector, capture, []string{"udplab.analysis.duplicate_of"}, "-o", "udplab.relations:"+on)
		if want := map[string]string{"TRUE": "1", "FALSE": ""}[on]; rows[1][0] != want {
			t.Errorf("relations %s: a packet that came twice is the duplicate of %q, want %q", on, rows[1][0], want)
		}
	}
}

// The right crc stands beside a wrong one.
func TestWrongCrcIsSaidWithTheRightOne(t *testing.T) {
	b := bytes.Clone(named(t, "message"))
	b[len(b)-1] ^= 0x10
	rows := columns(t, Dissector, pcap(t, inCapture([][]byte{b})), []string{"udplab.crc", "udplab.crc.computed", "udplab.crc.status", "_ws.expert.message"}, forced...)
	if got, want := fmt.Sprint(rows[0]), "[0xde09738c 0xde09739c 0 the crc is 0xde09738c, and 0xde09739c would be right: damaged or cut]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
