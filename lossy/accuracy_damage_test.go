package lossy

import (
	"bytes"
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"testing"
	"time"
)

// wound is what a check sees of a damaged payload.
type wound struct{ before, after []byte }

// damagedPlaces wants exactly n bits, or bytes, of every payload changed, and
// the places of them all alike; of bytes also their new values.
func damagedPlaces(wounds []wound, kind DamageKind, n int) (places, values finding) {
	size := len(wounds[0].before)
	inByte, inBit := make([]int, size), make([]int, size*8)
	changes := make([]int, 255)
	wrong := func(format string, args ...any) (places, values finding) {
		return finding{wrong: fmt.Errorf(format, args...)}, finding{}
	}
	for i, w := range wounds {
		if len(w.after) != size {
			return wrong("payload %d has %d bytes, want %d as before", i, len(w.after), size)
		}
		changed := 0
		for at := range w.after {
			diff := w.before[at] ^ w.after[at]
			if diff == 0 {
				continue
			}
			inByte[at]++
			if kind == DamageBytes {
				changed++
				changes[diff-1]++
				continue
			}
			for rest := diff; rest != 0; rest &= rest - 1 {
				inBit[8*at+bits.LeadingZeros8(rest&-rest)]++
				changed++
			}
		}
		if changed != n {
			return wrong("payload %d is changed in %d places, want %d", i, changed, n)
		}
	}
	if kind == DamageBytes {
		return even(inByte), even(changes)
	}
	return even(inBit), finding{}
}

func checkPlaces(wounds []wound, kind DamageKind, n int) error {
	places, values := damagedPlaces(wounds, kind, n)
	return cmp.Or(places.wrong, values.wrong)
}

// cut wants what is left to be the beginning, and every length below the
// whole alike.
func cut(wounds []wound) finding {
	lengths := make([]int, len(wounds[0].before))
	for i, w := range wounds {
		if len(w.after) >= len(w.before) || !bytes.HasPrefix(w.before, w.after) {
			return finding{wrong: fmt.Errorf("payload %d has %d bytes of %d and is no beginning of it", i, len(w.after), len(w.before))}
		}
		lengths[len(w.after)]++
	}
	return even(lengths)
}

// extended wants n bytes more, of every value alike, and the rest as it was.
func extended(wounds []wound, n int) finding {
	values := make([]int, 256)
	for i, w := range wounds {
		if len(w.after) != len(w.before)+n || !bytes.HasPrefix(w.after, w.before) {
			return finding{wrong: fmt.Errorf("payload %d has %d bytes, want %d and %d more", i, len(w.after), len(w.before), n)}
		}
		for _, b := range w.after[len(w.before):] {
			values[b]++
		}
	}
	return even(values)
}

const woundSize = 37

// damageRow is a row of the page about payloads of that size.
func damageRow(how Damage, property string) row {
	return row{"Duplicates and corruption", "corrupt 30% " + how.String(), property, 31}
}

// wounded sends payloads over a link that damages some, and returns those.
func wounded(t *testing.T, how Damage, share float64, n int) []wound {
	t.Helper()
	l := NewLink(31, 0, Up, Profile{Corrupt: share, CorruptHow: how})
	before := make([]byte, woundSize)
	for i := range before {
		before[i] = byte(i * 7)
	}
	var wounds []wound
	fates := make([]bool, n)
	l.SetTrace(func(_ time.Duration, size int, v Verdict) { fates[v.Index] = v.Corrupt })
	for i := range n {
		l.Send(0, before)
		after, _ := l.Receive(0, nil)
		if fates[i] {
			wounds = append(wounds, wound{before, after})
		} else if !bytes.Equal(before, after) {
			t.Fatalf("%v: datagram %d is damaged, and its verdict does not say so", how, i)
		}
	}
	// Who is damaged is drawn in one way, however; its rows are above.
	report(t, how.String()+" rate", checkRate(count(fates), n, share))
	report(t, how.String()+" independence", checkIndependent(fates))
	s := l.Stats()
	if got := s.Corrupted; got != uint64(count(fates)) {
		t.Errorf("%v: Corrupted = %d, want %d", how, got, count(fates))
	}
	if e := s.Observed(ImpairmentCorrupt); e.Events != uint64(count(fates)) || e.Trials != uint64(n) {
		t.Errorf("%v: %d of %d observed, want %d of %d", how, e.Events, e.Trials, count(fates), n)
	}
	return wounds
}

func TestDamageIsWhatItSays(t *testing.T) {
	const share = 0.3
	n := aMillion() / 5
	for _, how := range []Damage{{}, {N: 1}, {N: 3}, {N: 64}} {
		places, _ := damagedPlaces(wounded(t, how, share, n), DamageBits, max(1, how.N))
		damageRow(how, fmt.Sprintf("exactly %d of 296 bits, all alike", max(1, how.N))).judge(t, places)
	}
	for _, how := range []Damage{{Kind: DamageBytes}, {Kind: DamageBytes, N: 4}} {
		places, values := damagedPlaces(wounded(t, how, share, n), DamageBytes, max(1, how.N))
		damageRow(how, fmt.Sprintf("exactly %d of 37 bytes, all alike", max(1, how.N))).judge(t, places)
		damageRow(how, "the 255 ways a byte can change").judge(t, values)
	}
	truncate, extend := Damage{Kind: DamageTruncate}, Damage{Kind: DamageExtend, N: 19}
	damageRow(truncate, "length left, 0 to 36").judge(t, cut(wounded(t, truncate, share, n)))
	damageRow(extend, "exactly 19 bytes more, all values alike").judge(t, extended(wounded(t, extend, share, n), 19))
}

// The verdict tells every place that is changed, and only those.
func TestVerdictTellsTheDamage(t *testing.T) {
	for _, how := range []Damage{{}, {N: 5}, {Kind: DamageBytes, N: 5}, {Kind: DamageTruncate}, {Kind: DamageExtend, N: 5}} {
		l := NewLink(32, 0, Up, Profile{Corrupt: 1, CorruptHow: how})
		var told []int
		l.SetTrace(func(_ time.Duration, size int, v Verdict) { told = v.DamagedAt(nil, size) })
		for size := 1; size < 200; size++ {
			before := bytes.Repeat([]byte{0x55}, size)
			l.Send(0, before)
			after, _ := l.Receive(0, nil)
			again := bytes.Clone(before)
			switch how.Kind {
			case DamageBits:
				for _, bit := range told {
					flip(again, bit)
				}
			case DamageBytes:
				for _, at := range told {
					again[at] = after[at]
				}
				for at := range after {
					if (before[at] != after[at]) != slices.Contains(told, at) {
						t.Fatalf("%v: byte %d of %d is not told right by %v", how, at, size, told)
					}
				}
			case DamageTruncate:
				again = again[:told[0]]
			case DamageExtend:
				again = append(again, after[len(after)-told[0]:]...)
			}
			if !bytes.Equal(again, after) {
				t.Fatalf("%v of %d bytes: told %v, which is not what came out", how, size, told)
			}
		}
	}
}

// The ends: payloads with fewer places than asked for, of no bytes, and of as
// many as a datagram can have.
func TestDamageOfExtremeSizes(t *testing.T) {
	for _, c := range []struct {
		how          Damage
		size         int
		touched      bool
		length, diff int // of what comes out; bytes that differ
	}{
		{Damage{N: 64}, 8, true, 8, 8},
		{Damage{N: 64}, 1, true, 1, 1},
		{Damage{Kind: DamageBytes, N: 64}, 3, true, 3, 3},
		{Damage{Kind: DamageTruncate}, 1, true, 0, 0},
		{Damage{}, 0, false, 0, 0},
		{Damage{N: 3}, 0, false, 0, 0},
		{Damage{Kind: DamageBytes}, 0, false, 0, 0},
		{Damage{Kind: DamageTruncate}, 0, false, 0, 0},
		{Damage{Kind: DamageExtend, N: 7}, 0, true, 7, 0},
		{Damage{Kind: DamageExtend, N: MaxExtension}, maxPayload - 5, true, maxPayload, 0},
		{Damage{Kind: DamageExtend, N: 7}, maxPayload, false, maxPayload, 0},
	} {
		l := NewLink(33, 0, Up, Profile{Corrupt: 1, CorruptHow: c.how})
		before := make([]byte, c.size)
		l.Send(0, before)
		after, ok := l.Receive(0, nil)
		differ := 0
		for i := range min(len(before), len(after)) {
			differ += digit(before[i] != after[i])
		}
		if !ok || len(after) != c.length || differ != c.diff {
			t.Errorf("%v of %d bytes: %d came out, %d differ, want %d and %d", c.how, c.size, len(after), differ, c.length, c.diff)
		}
		if s := l.Stats(); s.Corrupted != uint64(digit(c.touched)) || s.Observed(ImpairmentCorrupt).Trials != uint64(digit(c.touched)) {
			t.Errorf("%v of %d bytes: %d corrupted of %d that could be, want %v", c.how, c.size, s.Corrupted, s.Observed(ImpairmentCorrupt).Trials, c.touched)
		}
	}
}
