package decisions

import (
	"slices"
	"strconv"
	"time"

	"udplab/lossy"
)

// head is how every line of a direction of a flow goes on after its time. A
// name needs no escaping: lossy.NamedFlow lets nothing in that would.
func head(flow lossy.FlowKey, d lossy.Direction) string {
	name := flow.String()
	if flow.Name != "" {
		name = `"` + name + `"`
	}
	return `"flow":` + name + `,"dir":"` + d.String() + `","index":`
}

// appendLine writes one verdict. It allocates nothing if dst has room.
func appendLine(dst []byte, head string, timeless bool, now time.Duration, size int, v lossy.Verdict) []byte {
	dst = append(dst, '{')
	if !timeless {
		dst = append(dst, `"t_ns":`...)
		dst = strconv.AppendInt(dst, int64(now), 10)
		dst = append(dst, ',')
	}
	dst = append(dst, head...)
	dst = strconv.AppendUint(dst, v.Index, 10)
	if v.Moved > 0 {
		dst = appendMember(dst, `,"moved":`, int64(v.Moved))
		dst = appendMember(dst, `,"by_ns":`, int64(v.Wait))
		return append(dst, "}\n"...)
	}
	if v.Shared {
		dst = append(dst, `,"turn":`...)
		dst = strconv.AppendUint(dst, v.Turn, 10)
	}
	dst = append(dst, `,"size":`...)
	dst = strconv.AppendInt(dst, int64(size), 10)
	if v.Drop != lossy.CauseNone {
		dst = append(dst, `,"drop":"`...)
		dst = append(dst, v.Drop.String()...)
		dst = append(dst, '"')
		dst = appendMember(dst, `,"rule":`, int64(v.Rule))
	} else {
		dst = append(dst, `,"copies":`...)
		dst = strconv.AppendInt(dst, int64(v.Copies), 10)
	}
	dst = appendMember(dst, `,"delay_ns":`, int64(v.Delay))
	if !timeless {
		dst = appendMember(dst, `,"wait_ns":`, int64(v.Wait))
	}
	if v.Corrupt {
		dst = appendDamage(dst, size, v)
	}
	dst = appendCopies(dst, timeless, v.Apart)
	dst = appendMember(dst, `,"by":`, int64(v.By))
	dst = appendMember(dst, `,"hold_ns":`, int64(v.Hold))
	if v.AtOnce {
		dst = append(dst, `,"at_once":true`...)
	}
	if v.Racing {
		dst = append(dst, `,"racing":true`...)
	}
	if v.Marked && !timeless {
		dst = append(dst, `,"marked":true`...)
	}
	return append(dst, "}\n"...)
}

// appendDamage writes what happened to a payload.
func appendDamage(dst []byte, size int, v lossy.Verdict) []byte {
	if v.Damage == (lossy.Damage{}) {
		dst = append(dst, `,"bit":`...)
		return strconv.AppendInt(dst, int64(v.Bit), 10)
	}
	var room [lossy.MaxDamagedPlaces]int
	places := v.DamagedAt(room[:0], size)
	switch v.Damage.Kind {
	case lossy.DamageTruncate:
		dst = append(dst, `,"cut_to":`...)
		return appendKey(strconv.AppendInt(dst, int64(places[0]), 10), v.Key)
	case lossy.DamageExtend:
		dst = append(dst, `,"added":`...)
		return appendKey(strconv.AppendInt(dst, int64(places[0]), 10), v.Key)
	case lossy.DamageBytes:
		dst = append(dst, `,"bytes":[`...)
	default:
		dst = append(dst, `,"bits":[`...)
	}
	for i, place := range places {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(place), 10)
	}
	return appendKey(append(dst, ']'), v.Key)
}

// appendKey writes what damage follows from: as text, for it has more digits than
// a number in JSON can be sure of.
func appendKey(dst []byte, key uint64) []byte {
	dst = append(dst, `,"key":"`...)
	dst = strconv.AppendUint(dst, key, 16)
	return append(dst, '"')
}

// appendCopies writes what the copies have not in common, a list for each thing
// in which they differ.
func appendCopies(dst []byte, timeless bool, apart lossy.CopyFates) []byte {
	if apart == (lossy.CopyFates{}) {
		return dst
	}
	var room [1 + lossy.MaxDuplicateCopies]lossy.CopyFate
	fates := apart.Unpack(room[:0])
	if !timeless {
		dst = appendList(dst, `,"copy_wait_ns":[`, fates, func(f lossy.CopyFate) int64 { return int64(f.Wait) })
		dst = appendList(dst, `,"copy_marked":[`, fates, func(f lossy.CopyFate) int64 {
			if f.Marked {
				return 1
			}
			return 0
		})
	}
	return appendList(dst, `,"copy_late_ns":[`, fates, func(f lossy.CopyFate) int64 { return int64(f.Late) })
}

// appendList writes a list unless all in it are 0.
func appendList(dst []byte, key string, fates []lossy.CopyFate, of func(lossy.CopyFate) int64) []byte {
	if !slices.ContainsFunc(fates, func(f lossy.CopyFate) bool { return of(f) != 0 }) {
		return dst
	}
	dst = append(dst, key...)
	for i, f := range fates {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, of(f), 10)
	}
	return append(dst, ']')
}

// appendMember writes a number that is not 0.
func appendMember(dst []byte, key string, n int64) []byte {
	if n == 0 {
		return dst
	}
	return strconv.AppendInt(append(dst, key...), n, 10)
}
