package arq

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"net/netip"
	"time"
)

// cookieLife is how long one slot of cookies is good; a cookie is accepted in
// its own slot and the one after, so it lives 5 to 10 s.
const cookieLife = 5 * time.Second

// cookieSize is 128 bits of the MAC: guessing one takes 2^127 hellos.
const cookieSize = 16

// cookies proves addresses without keeping anything (RFC 9000 section 8.1.2;
// RFC 4987 section 3.6, SYN cookies): the cookie is a MAC over the address
// and the id it was sent to, so whoever brings it back can receive there.
type cookies struct {
	mac hash.Hash // keyed with the endpoint's secret; used over and over
	in  [8 + 16 + 2 + 8]byte
	sum [sha256.Size]byte
}

func newCookies(secret [32]byte) cookies { return cookies{mac: hmac.New(sha256.New, secret[:])} }

// appendCookie appends the cookie for a hello from the address.
func (k *cookies) appendCookie(dst []byte, now time.Duration, from netip.AddrPort, sourceID uint64) []byte {
	return k.appendSlot(dst, slotAt(now), from, sourceID)
}

// valid reports whether token is a cookie for the address that is still good.
func (k *cookies) valid(token []byte, now time.Duration, from netip.AddrPort, sourceID uint64) bool {
	var buf [cookieSize]byte
	slot := slotAt(now)
	return len(token) == cookieSize && // the first hello of most has none
		(hmac.Equal(token, k.appendSlot(buf[:0], slot, from, sourceID)) ||
			hmac.Equal(token, k.appendSlot(buf[:0], slot-1, from, sourceID)))
}

func slotAt(now time.Duration) uint64 { return uint64(now / cookieLife) }

func (k *cookies) appendSlot(dst []byte, slot uint64, from netip.AddrPort, sourceID uint64) []byte {
	b := &k.in
	binary.BigEndian.PutUint64(b[0:], slot)
	ip := from.Addr().As16()
	copy(b[8:], ip[:])
	binary.BigEndian.PutUint16(b[24:], from.Port())
	binary.BigEndian.PutUint64(b[26:], sourceID)
	k.mac.Reset()
	k.mac.Write(b[:])
	return append(dst, k.mac.Sum(k.sum[:0])[:cookieSize]...)
}
