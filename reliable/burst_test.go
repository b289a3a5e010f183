package reliable

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"udplab/reliable/internal/udp"
)

// bookkeeper notes what a burst has it write.
type bookkeeper struct {
	calls []string // "count x size", or "count x size + last"
	bytes []byte
}

func (k *bookkeeper) write(b []byte, size, count int, to netip.AddrPort, mark udp.ECN) {
	call := fmt.Sprintf("%dx%d", count, size)
	if last := len(b) - (count-1)*size; last != size {
		call = fmt.Sprintf("%dx%d+%d", count-1, size, last)
	}
	if mark != udp.NotECT {
		call += "," + mark.String()
	}
	if to.Port() != 1 {
		call += fmt.Sprintf(",:%d", to.Port())
	}
	k.calls = append(k.calls, call)
	k.bytes = append(k.bytes, b...)
}

// What leaves together, and that it leaves whole and in order.
func TestBurst(t *testing.T) {
	type packet struct {
		size int
		port uint16
		mark udp.ECN
	}
	many := func(n, size int) (all []packet) {
		for range n {
			all = append(all, packet{size: size, port: 1})
		}
		return all
	}
	for _, c := range []struct {
		name    string
		packets []packet
		want    string
	}{
		{"nothing", nil, ""},
		{"one", many(1, 1452), "1x1452"},
		{"a smaller one is the last", slices.Concat(many(3, 1452), many(1, 100), many(2, 1452)), "3x1452+100 2x1452"},
		{"a larger one begins the next", slices.Concat(many(2, 40), many(2, 1200), many(1, 1452)), "2x40 2x1200 1x1452"},
		{"as many segments as the system takes", many(udp.MaxSegments+1, 50), "64x50 1x50"},
		{"as many bytes as a datagram has", many(46, 1452), "45x1452 1x1452"},
		{"jumbo packets alone", many(2, 65507), "1x65507 1x65507"},
		{"two of half the size", many(3, 32753), "2x32753 1x32753"},
		{"another mark", []packet{{9, 1, udp.ECT0}, {9, 1, udp.ECT0}, {9, 1, udp.NotECT}}, "2x9,ECT(0) 1x9"},
		{"another address", []packet{{9, 1, 0}, {9, 2, 0}, {9, 2, 0}, {9, 1, 0}}, "1x9 2x9,:2 1x9"},
		{"a smaller one to another address", []packet{{9, 1, 0}, {8, 2, 0}, {9, 1, 0}}, "1x9 1x8,:2 1x9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var k bookkeeper
			var all []byte
			b := bursts.Get().(*burst)
			for i, p := range c.packets {
				content := bytes.Repeat([]byte{byte(i + 1)}, p.size)
				all = append(all, content...)
				b.add(&k, append(b.room(), content...), netip.AddrPortFrom(netip.IPv4Unspecified(), p.port), p.mark)
			}
			b.flush(&k)
			b.flush(&k) // has nothing left
			if got := strings.Join(k.calls, " "); got != c.want {
				t.Errorf("left as %q, want %q", got, c.want)
			}
			if !bytes.Equal(k.bytes, all) {
				t.Error("what left is not what was made, in its order")
			}
		})
	}
}
