package arq

import (
	"net/netip"
	"testing"
	"time"
)

// A flood of hellos is answered without making garbage.
func TestCookiesAreMadeWithoutAllocating(t *testing.T) {
	k := newCookies([32]byte{1})
	from := netip.MustParseAddrPort("192.0.2.1:9000")
	var buf [cookieSize]byte
	allocs := testing.AllocsPerRun(100, func() {
		token := k.appendCookie(buf[:0], time.Second, from, 7)
		if !k.valid(token, 2*time.Second, from, 7) || k.valid(token, 2*time.Second, from, 8) {
			t.Fatal("a cookie is not valid for what it was made for, and for nothing else")
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkCookie(b *testing.B) {
	k := newCookies([32]byte{1})
	from := netip.MustParseAddrPort("192.0.2.1:9000")
	var buf [cookieSize]byte
	b.ReportAllocs()
	for b.Loop() {
		k.appendCookie(buf[:0], time.Second, from, 7)
	}
}
