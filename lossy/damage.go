package lossy

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// DamageKind is a way of damaging a payload.
type DamageKind uint8

const (
	DamageBits     DamageKind = iota // flip N bits
	DamageBytes                      // change N bytes, each to another value
	DamageTruncate                   // cut the end off, 1 byte at least and all at most
	DamageExtend                     // append N random bytes
	damageKinds
)

// Bounds of Damage.N.
const (
	MaxDamagedPlaces = 64   // bits or bytes of one payload
	MaxExtension     = 9000 // bytes appended to one
)

// Damage is what corruption does to a payload. The zero value flips one bit.
// Bits and bytes are changed at N different places, each set of places as
// likely as any other (N of 0 is one place); a payload that has no more than N
// is changed everywhere. The length that is left of a truncated payload is
// uniform from 0 to one less than it was. A payload of no bytes can only be
// extended, and none is extended beyond what a datagram can carry.
type Damage struct {
	Kind DamageKind
	N    int // places, or bytes appended; without meaning for DamageTruncate
}

// ParseDamage reads "bit", "bits:3", "byte", "bytes:4", "truncate" or
// "extend:16".
func ParseDamage(s string) (Damage, error) {
	t := parseTerms(s)
	var d Damage
	switch t.name {
	case "bit":
	case "bits":
		d = Damage{DamageBits, require(t, "", parseInt)}
	case "byte":
		d = Damage{Kind: DamageBytes}
	case "bytes":
		d = Damage{DamageBytes, require(t, "", parseInt)}
	case "truncate":
		d = Damage{Kind: DamageTruncate}
	case "extend":
		d = Damage{DamageExtend, require(t, "", parseInt)}
	default:
		return d, fmt.Errorf("%q is no damage: write bit, bits:3, byte, bytes:4, truncate or extend:16", s)
	}
	if err := t.done(); err != nil {
		return Damage{}, err
	}
	err := d.validate()
	if d.N == 0 && (t.name == "bits" || t.name == "bytes") {
		err = errPlaces // which in code means one
	}
	if err != nil {
		return Damage{}, fmt.Errorf("%q: %w", s, err)
	}
	return d, nil
}

var errPlaces = fmt.Errorf("must change between 1 and %d places", MaxDamagedPlaces)

// String writes the damage as ParseDamage reads it.
func (d Damage) String() string {
	switch d.Kind {
	case DamageBits:
		if d.N == 0 {
			return "bit"
		}
		return fmt.Sprintf("bits:%d", d.N)
	case DamageBytes:
		if d.N == 0 {
			return "byte"
		}
		return fmt.Sprintf("bytes:%d", d.N)
	case DamageTruncate:
		return "truncate"
	case DamageExtend:
		return fmt.Sprintf("extend:%d", d.N)
	}
	return fmt.Sprintf("damage %d", uint8(d.Kind))
}

func (d Damage) validate() error {
	switch {
	case d.Kind >= damageKinds:
		return fmt.Errorf("%v is unknown", d)
	case d.Kind == DamageTruncate && d.N != 0:
		return fmt.Errorf("truncate takes no number, not %d", d.N)
	case d.Kind == DamageExtend && (d.N < 1 || d.N > MaxExtension):
		return fmt.Errorf("must append between 1 and %d bytes", MaxExtension)
	case d.Kind <= DamageBytes && (d.N < 0 || d.N > MaxDamagedPlaces):
		return errPlaces
	}
	return nil
}

// touches says whether a payload of that size can be damaged so.
func (d Damage) touches(size int) bool {
	if d.Kind == DamageExtend {
		return size < maxPayload
	}
	return size > 0
}

// total is how many places a payload has that could be changed.
func (d Damage) total(size int) int {
	if d.Kind == DamageBits {
		return size * 8
	}
	return size
}

// fromKey is the n-th number that follows from a verdict's key: SplitMix64,
// begun at the key.
func fromKey(key, n uint64) uint64 { return mix(key + (n+1)*golden) }

// chosen maps a random number to 0..n-1.
func chosen(u uint64, n int) int {
	hi, _ := bits.Mul64(u, uint64(n))
	return int(hi)
}

// DamagedAt appends to dst what became of a damaged payload of that size: the
// places of its changed bits (0 is the highest of the first byte) or bytes, in
// no order; the length it was cut to; or how many bytes it got more.
func (v Verdict) DamagedAt(dst []int, size int) []int {
	d := v.Damage
	switch {
	case !v.Corrupt:
		return dst
	case d == (Damage{}):
		return append(dst, v.Bit)
	case d.Kind == DamageTruncate:
		return append(dst, chosen(fromKey(v.Key, 0), size))
	case d.Kind == DamageExtend:
		return append(dst, min(d.N, maxPayload-size))
	}
	total := d.total(size)
	begin, want := len(dst), min(max(d.N, 1), total)
	if want == total {
		for place := range total {
			dst = append(dst, place)
		}
		return dst
	}
	for n := uint64(0); len(dst)-begin < want; n++ {
		if place := chosen(fromKey(v.Key, n), total); !slices.Contains(dst[begin:], place) {
			dst = append(dst, place)
		}
	}
	return dst
}

// damage does to a payload what the verdict says and returns it; an extended
// one may have moved.
func (v Verdict) damage(payload []byte) []byte {
	var room [MaxDamagedPlaces]int
	places := v.DamagedAt(room[:0], len(payload))
	switch v.Damage.Kind {
	case DamageBits:
		for _, bit := range places {
			flip(payload, bit)
		}
	case DamageBytes:
		for _, at := range places {
			// A number that no place comes from.
			payload[at] ^= byte(1 + chosen(fromKey(v.Key, ^uint64(at)), 255))
		}
	case DamageTruncate:
		return payload[:places[0]]
	case DamageExtend:
		var word [8]byte
		for n := 0; n < places[0]; n += len(word) {
			binary.LittleEndian.PutUint64(word[:], fromKey(v.Key, uint64(n)))
			payload = append(payload, word[:min(len(word), places[0]-n)]...)
		}
	default:
		panic("BUG: damage of no kind")
	}
	return payload
}
