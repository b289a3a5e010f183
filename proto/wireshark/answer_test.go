package wireshark

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"udplab/proto"
)

// verdict is what the dissector has to say of a datagram, by package proto: the
// answer of SPEC 2.4 and the Info column. Of a malformed packet Describe shows
// the elements behind the fault; the dissector has them in its tree.
func verdict(b []byte) (answer, info string) {
	var p proto.Packet
	info = proto.Describe(b)
	switch err := proto.Parse(b, &p); {
	case err == nil:
		return "ok", info
	case errors.Is(err, proto.ErrChecksum):
		return "checksum", info
	case errors.Is(err, proto.ErrVersion):
		return "version", info
	case errors.Is(err, proto.ErrMalformed):
		fault := strings.TrimPrefix(err.Error(), "proto: malformed packet: ")
		return "malformed", fmt.Sprintf("malformed %dB: %s", len(b), fault)
	default:
		return "", "" // not a packet: left to others
	}
}

// compareAnswers runs the payloads through tshark and compares what it says of
// each with package proto, and that no packet met an error of the script.
func compareAnswers(t *testing.T, payloads [][]byte, name func(i int) string) {
	t.Helper()
	fields := []string{"udplab.answer", "_ws.col.Info", "_ws.lua.error", "_ws.expert.message"}
	rows := columns(t, Dissector, pcap(t, inCapture(payloads)), fields, forced...)
	if len(rows) != len(payloads) {
		t.Fatalf("%d packets for %d datagrams", len(rows), len(payloads))
	}
	bad := 0
	for i, row := range rows {
		answer, info := verdict(payloads[i])
		if answer == "" {
			info = row[1] // whatever the dissector of UDP says
		}
		if row[0] == answer && row[1] == info && row[2] == "" && !luaComplaint(row) {
			continue
		}
		if bad++; bad <= 10 {
			t.Errorf("%s: tshark says\n%q %s %s %s\nproto says\n%q %s\nof %x", name(i), row[0], row[1], row[2], row[3], answer, info, payloads[i][:min(len(payloads[i]), 200)])
		}
	}
	if bad > 10 {
		t.Errorf("and %d more of %d", bad-10, len(rows))
	}
}

// luaComplaint reports whether a packet met an error of a script.
func luaComplaint(row []string) bool {
	return strings.Contains(strings.ToLower(strings.Join(row, " ")), "lua error")
}

var every = flag.Bool("every", false, "cut and flip long vectors at every place, which takes a minute")

func TestDissectorAgreesAboutEveryVector(t *testing.T) {
	all := vectors(t)
	payloads := make([][]byte, len(all))
	for i, v := range all {
		payloads[i] = v.bytes
	}
	compareAnswers(t, payloads, func(i int) string { return all[i].name })
}

// The dissector is given what no correct sender makes: every vector cut at every
// byte and with every bit flipped, as it is and with a crc that fits again. The
// last are those that get past the crc. Of the cuts and flips of a long vector,
// which is one byte repeated, some are taken.
func TestDissectorAgreesAboutEveryCutAndFlip(t *testing.T) {
	most := 150
	if *every {
		most = 40000
	}
	var payloads [][]byte
	var names []string
	add := func(name string, b []byte) { payloads, names = append(payloads, b), append(names, name) }
	for _, v := range vectors(t) {
		if len(v.bytes) < 6 || len(v.bytes) > 2000 || v.expect == "notpacket" {
			continue
		}
		step := 1 + len(v.bytes)*len(v.bytes)/most
		for n := 1; n < len(v.bytes); n += step {
			add(fmt.Sprintf("%s cut to %d bytes", v.name, n), v.bytes[:n])
			add(fmt.Sprintf("%s cut to %d bytes, with a new crc", v.name, n), withCRC(v.bytes[:n]))
		}
		bits := step
		if v.expect != "ok" { // what is wrong already needs fewer of them
			bits = 29 * step
		}
		for bit := 0; bit < len(v.bytes)*8; bit += bits {
			b := bytes.Clone(v.bytes)
			b[bit/8] ^= 1 << (bit % 8)
			if bit%8 == 0 {
				add(fmt.Sprintf("%s with bit %d flipped", v.name, bit), b)
			}
			add(fmt.Sprintf("%s with bit %d flipped and a new crc", v.name, bit), withCRC(b[:len(b)-5]))
		}
	}
	if len(payloads) < 5000 {
		t.Fatalf("only %d datagrams", len(payloads))
	}
	compareAnswers(t, payloads, func(i int) string { return names[i] })
}

// withCRC closes a body (SPEC 2.3).
func withCRC(body []byte) []byte {
	b := append(bytes.Clone(body), 0xce)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
}

// The two tests above look for Lua errors; this one shows that they would see
// one. What it plants is an error in the reading of a number.
func TestErrorsOfTheScriptAreSeen(t *testing.T) {
	const sound = "function Reader:uint64()\n"
	broken := strings.Replace(Dissector, sound, sound+"  if byte(self.s, self.i) == 0x07 then error('planted') end\n", 1)
	if broken == Dissector {
		t.Fatal("the script has changed, and the error was planted nowhere")
	}
	capture := pcap(t, inCapture([][]byte{withCRC([]byte{0x95, 0x04, 0xcc, 0x99, 0x07, 0x91, 0x91, 0x05})}))
	rows := columns(t, broken, capture, []string{"udplab.answer", "_ws.lua.error", "_ws.expert.message", "_ws.col.Info"}, forced...)
	if !luaComplaint(rows[0]) || rows[0][1] == "" {
		t.Errorf("tshark says %q of an error in the script", rows[0])
	}
}
