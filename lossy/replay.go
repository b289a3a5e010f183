package lossy

import (
	"encoding/binary"
	"slices"
	"time"
)

// Script is who decides in the place of profile, queue and blackout, for each
// packet of one direction of one flow, in order; see Link.SetScript. What it does
// not decide, the link does. A verdict has at least one copy or a cause to drop.
type Script func(index uint64, size int) (v Verdict, decided bool)

// Replayer is asked, as a flow appears, for the script of one direction of it,
// which may be nil. It is called from any goroutine, and so are the scripts, each
// of them from one at a time.
type Replayer func(flow FlowKey, d Direction) Script

// SetScript has f decide from now on, nil nobody. A datagram that it decides
// about passes neither barrier nor bottleneck: it comes out, each copy, after the
// Wait and the Delay of its verdict, behind those before it unless the verdict is
// Racing, or it is dropped. The random streams stay where they would be without,
// so that what f leaves to the link fares as it did.
//
// Damage that the payload has no room for is left out, and what exceeds the
// capacity of the link is dropped all the same (CauseOverload).
func (l *Link) SetScript(f Script) {
	l.lodgeNoMore()
	l.script = f
}

// replay does to a datagram what a script says.
func (l *Link) replay(v *Verdict, payload []byte) {
	if v.Drop != CauseNone {
		l.stats.Dropped[v.Drop]++
		return
	}
	size := len(payload)
	if v.Corrupt && !v.fits(size) {
		v.Corrupt, v.Damage, v.Bit, v.Key = false, Damage{}, 0, 0
	}
	if v.Corrupt {
		payload = v.damage(append(l.damaged[:0], payload...))
		l.damaged = payload
	}
	v.Copies = max(v.Copies, 1)
	l.stats.Duplicated += uint64(v.Copies - 1)
	fates := l.copies[:0]
	if v.Apart != (CopyFates{}) {
		fates = v.Apart.Unpack(fates)
		l.copies = fates
	}
	for n := range v.Copies {
		if l.charge()+entryBytes+len(payload) > l.capacity {
			l.stats.Dropped[CauseOverload] += uint64(v.Copies - n)
			if n == 0 {
				v.drop(CauseOverload)
			}
			v.Copies = n
			return
		}
		fate := CopyFate{Wait: v.Wait, Marked: v.Marked}
		if n < len(fates) {
			fate = fates[n]
		}
		c := v.course()
		if n == 0 {
			l.count(v.Corrupt, c)
		}
		o := l.outside
		o.copy = uint8(n)
		if fate.Marked && o.mark.capable() {
			o.mark = CE
			l.stats.Marked++
		}
		if at := c.lay(l.now+fate.Wait, fate.Late, &l.order); at.aside {
			l.stepAside(at.due, o, v.detour(), payload)
		} else {
			l.enter(at, o, payload)
		}
	}
}

// fits says whether a payload of that size has the places that are damaged.
func (v *Verdict) fits(size int) bool {
	if v.Damage == (Damage{}) {
		return v.Bit < size*8
	}
	return v.Damage.touches(size)
}

// CopyFate is what one copy of a packet has for itself.
type CopyFate struct {
	Wait   time.Duration // in the queue and on the transmitter
	Late   time.Duration // how far it is sent behind the packet, by Profile.DuplicateDelay; then it races
	Marked bool          // a queue marked it
}

// CopyFates is a list of CopyFate, one for each copy that goes on. It is a
// comparable value; the zero value is an empty list.
type CopyFates struct{ packed string }

// PackCopies makes a list comparable. No time in it may be negative.
func PackCopies(list []CopyFate) CopyFates {
	var packed []byte
	for _, f := range list {
		packed = binary.AppendUvarint(packed, uint64(f.Wait))
		marked := uint64(0)
		if f.Marked {
			marked = 1
		}
		packed = binary.AppendUvarint(packed, uint64(f.Late)<<1|marked)
	}
	return CopyFates{string(packed)}
}

// Unpack appends the list to dst.
func (c CopyFates) Unpack(dst []CopyFate) []CopyFate {
	for at := 0; at < len(c.packed); {
		wait, n := uvarint(c.packed[at:])
		at += n
		late, n := uvarint(c.packed[at:])
		at += n
		dst = append(dst, CopyFate{time.Duration(wait), time.Duration(late >> 1), late&1 != 0})
	}
	return dst
}

// uvarint is binary.Uvarint of a string that PackCopies wrote.
func uvarint(s string) (v uint64, n int) {
	for shift := 0; n < len(s); shift += 7 {
		b := s[n]
		n++
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			break
		}
	}
	return v, n
}

// apart sets what the copies of a packet have each for itself, if anything.
func (v *Verdict) apart(list []CopyFate) {
	if slices.ContainsFunc(list, func(f CopyFate) bool { return f != CopyFate{v.Wait, 0, v.Marked} }) {
		v.Apart = PackCopies(list)
	}
}
