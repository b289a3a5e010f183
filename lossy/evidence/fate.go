package evidence

import (
	"encoding/binary"
	"time"

	"udplab/lossy"
)

// A fate is a verdict and the size of its packet, packed: the size, what it has
// as bits, and a number for each of those.
const (
	hasDrop uint64 = 1 << iota
	hasRule
	hasCopies
	hasDelay
	hasWait
	hasDamage
	hasBy
	hasHold
	isAtOnce
	isRacing
	isMarked
	hasApart
	hasTurn
)

// maxPacked is more than a fate takes.
const maxPacked = 16 << 10

// present returns the numbers of a verdict that are not in every one, in order.
// A turn is counted from 1.
func present(v *lossy.Verdict) [8]struct{ bit, n uint64 } {
	copies := uint64(v.Copies)
	if copies == 1 {
		copies = 0 // as most have
	}
	turn := uint64(0)
	if v.Shared {
		turn = v.Turn + 1
	}
	return [8]struct{ bit, n uint64 }{
		{hasDrop, uint64(v.Drop)}, {hasRule, uint64(v.Rule)}, {hasCopies, copies},
		{hasDelay, uint64(v.Delay)}, {hasWait, uint64(v.Wait)}, {hasBy, uint64(v.By)}, {hasHold, uint64(v.Hold)},
		{hasTurn, turn},
	}
}

// appendFate packs a verdict.
func appendFate(dst []byte, size int, v *lossy.Verdict) []byte {
	numbers := present(v)
	var has uint64
	for _, f := range numbers {
		if f.n != 0 {
			has |= f.bit
		}
	}
	for _, f := range []struct {
		bit uint64
		is  bool
	}{{isAtOnce, v.AtOnce}, {isRacing, v.Racing}, {isMarked, v.Marked}, {hasDamage, v.Corrupt}, {hasApart, v.Apart != (lossy.CopyFates{})}} {
		if f.is {
			has |= f.bit
		}
	}
	dst = binary.AppendUvarint(dst, uint64(size))
	dst = binary.AppendUvarint(dst, has)
	for _, f := range numbers {
		if f.n != 0 {
			dst = binary.AppendUvarint(dst, f.n)
		}
	}
	if v.Corrupt {
		dst = append(dst, byte(v.Damage.Kind))
		dst = binary.AppendUvarint(dst, uint64(v.Damage.N))
		dst = binary.AppendUvarint(dst, uint64(v.Bit))
		dst = binary.BigEndian.AppendUint64(dst, v.Key)
	}
	if has&hasApart != 0 {
		fates := v.Apart.Unpack(nil)
		dst = binary.AppendUvarint(dst, uint64(len(fates)))
		for _, f := range fates {
			marked := uint64(0)
			if f.Marked {
				marked = 1
			}
			dst = binary.AppendUvarint(dst, uint64(f.Wait))
			dst = binary.AppendUvarint(dst, uint64(f.Late)<<1|marked)
		}
	}
	return dst
}

// fateAt unpacks the fate that begins at a place. The index is the caller's.
func (l *life) fateAt(at uint32) (size int, v lossy.Verdict) {
	b := l.fates[at:]
	next := func() uint64 {
		n, length := binary.Uvarint(b)
		b = b[length:]
		return n
	}
	size = int(next())
	has := next()
	take := func(bit uint64) uint64 {
		if has&bit == 0 {
			return 0
		}
		return next()
	}
	v.Drop = lossy.Cause(take(hasDrop))
	v.Rule = uint8(take(hasRule))
	v.Copies = int(take(hasCopies))
	if v.Copies == 0 && v.Drop == lossy.CauseNone {
		v.Copies = 1
	}
	v.Delay, v.Wait = time.Duration(take(hasDelay)), time.Duration(take(hasWait))
	v.By, v.Hold = int(take(hasBy)), time.Duration(take(hasHold))
	if turn := take(hasTurn); turn > 0 {
		v.Shared, v.Turn = true, turn-1
	}
	v.AtOnce, v.Racing, v.Marked = has&isAtOnce != 0, has&isRacing != 0, has&isMarked != 0
	if has&hasDamage != 0 {
		v.Corrupt = true
		v.Damage.Kind = lossy.DamageKind(b[0])
		b = b[1:]
		v.Damage.N, v.Bit = int(next()), int(next())
		v.Key = binary.BigEndian.Uint64(b)
		b = b[8:]
	}
	if has&hasApart != 0 {
		fates := make([]lossy.CopyFate, next())
		for i := range fates {
			fates[i].Wait = time.Duration(next())
			late := next()
			fates[i].Late, fates[i].Marked = time.Duration(late>>1), late&1 != 0
		}
		v.Apart = lossy.PackCopies(fates)
	}
	return size, v
}
