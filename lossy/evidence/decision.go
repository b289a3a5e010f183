package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"udplab/lossy"
)

// decision is a line of the log; package decisions says what its members mean.
type decision struct {
	At    int64           `json:"t_ns"`
	Proxy string          `json:"proxy"`
	Flow  json.RawMessage `json:"flow"`
	Dir   string          `json:"dir"`
	Index *uint64         `json:"index"`
	Turn  *uint64         `json:"turn"`
	Size  *int            `json:"size"`

	Drop   string `json:"drop"`
	Rule   int    `json:"rule"`
	Copies *int   `json:"copies"`
	Delay  int64  `json:"delay_ns"`
	Wait   int64  `json:"wait_ns"`

	Bit   *int   `json:"bit"`
	Bits  []int  `json:"bits"`
	Bytes []int  `json:"bytes"`
	CutTo *int   `json:"cut_to"`
	Added *int   `json:"added"`
	Key   string `json:"key"`

	CopyWait   []int64 `json:"copy_wait_ns"`
	CopyMarked []int64 `json:"copy_marked"`
	CopyLate   []int64 `json:"copy_late_ns"`

	By     int   `json:"by"`
	Hold   int64 `json:"hold_ns"`
	AtOnce bool  `json:"at_once"`
	Racing bool  `json:"racing"`
	Marked bool  `json:"marked"`

	Moved   int   `json:"moved"`
	MovedBy int64 `json:"by_ns"`

	room struct { // for what is pointed at
		index, turn       uint64
		size, copies, bit int
	}
}

// Bounds of what a decision may say: more than any link decides, and little
// enough that no sum of times overflows.
const (
	maxTime = 1 << 56 // ns
	maxSize = 1<<16 - 1
	maxRule = lossy.MaxRules
)

// lane checks whom a line is about.
func (d *decision) lane() (key laneKey, err error) {
	if d.Flow == nil || d.Index == nil || d.Size == nil && d.Moved == 0 {
		return key, errors.New("a decision needs flow, dir, index and size")
	}
	if key.flow, err = flowOf(d.Flow); err != nil {
		return key, err
	}
	switch d.Dir {
	case lossy.Up.String():
		key.dir = lossy.Up
	case lossy.Down.String():
		key.dir = lossy.Down
	default:
		return key, fmt.Errorf("dir %q is neither up nor down", d.Dir)
	}
	key.proxy = d.Proxy
	return key, nil
}

// verdict checks a line and makes it a verdict.
func (d *decision) verdict() (key laneKey, size int, v lossy.Verdict, err error) {
	if key, err = d.lane(); err != nil {
		return key, 0, v, err
	}
	size = *d.Size
	if err := d.check(); err != nil {
		return key, 0, v, err
	}
	v = lossy.Verdict{Index: *d.Index, Rule: uint8(d.Rule), Delay: time.Duration(d.Delay), Wait: time.Duration(d.Wait),
		By: d.By, Hold: time.Duration(d.Hold), AtOnce: d.AtOnce, Racing: d.Racing, Marked: d.Marked}
	if d.Turn != nil {
		v.Shared, v.Turn = true, *d.Turn
	}
	if d.Copies == nil {
		v.Drop, err = causeOf(d.Drop)
		return key, size, v, err
	}
	v.Copies = *d.Copies
	if v.Apart, err = d.apart(); err != nil {
		return key, size, v, err
	}
	return key, size, v, d.damage(&v, size)
}

// check wants every number within its bounds, and one of drop and copies.
func (d *decision) check() error {
	if (d.Drop == "") == (d.Copies == nil) {
		return errors.New("a decision has either drop or copies")
	}
	copies := int64(1)
	if d.Copies != nil {
		copies = int64(*d.Copies)
	}
	for _, n := range []struct {
		name                string
		value, least, above int64
	}{
		{"size", int64(*d.Size), 0, maxSize}, {"copies", copies, 1, 1 + lossy.MaxDuplicateCopies},
		{"rule", int64(d.Rule), 0, maxRule}, {"delay_ns", d.Delay, 0, maxTime}, {"wait_ns", d.Wait, 0, maxTime},
		{"by", int64(d.By), 0, lossy.MaxReorderBy}, {"hold_ns", d.Hold, 0, maxTime},
	} {
		if n.value < n.least || n.value > n.above {
			return fmt.Errorf("%s %d: must be between %d and %d", n.name, n.value, n.least, n.above)
		}
	}
	if d.Copies == nil && (d.damages() > 0 || d.By != 0 || d.Hold != 0 || d.CopyLate != nil || d.CopyWait != nil || d.CopyMarked != nil) {
		return errors.New("what is dropped is neither damaged nor displaced, and has no copies")
	}
	if *d.Index == 1<<64-1 {
		return fmt.Errorf("index %d: no flow has so many packets", *d.Index)
	}
	if d.Turn != nil && *d.Turn == 1<<64-1 {
		return fmt.Errorf("turn %d: no network has so many packets", *d.Turn)
	}
	return nil
}

func causeOf(name string) (lossy.Cause, error) {
	for _, c := range lossy.Causes() {
		if c.String() == name {
			return c, nil
		}
	}
	return 0, fmt.Errorf("drop %q is no cause of this version", name)
}

// apart puts together what the copies have each for itself.
func (d *decision) apart() (lossy.CopyFates, error) {
	fates := make([]lossy.CopyFate, *d.Copies)
	some := false
	for _, list := range []struct {
		name   string
		values []int64
		most   int64
		set    func(f *lossy.CopyFate, n int64)
	}{
		{"copy_wait_ns", d.CopyWait, maxTime, func(f *lossy.CopyFate, n int64) { f.Wait = time.Duration(n) }},
		{"copy_marked", d.CopyMarked, 1, func(f *lossy.CopyFate, n int64) { f.Marked = n == 1 }},
		{"copy_late_ns", d.CopyLate, maxTime, func(f *lossy.CopyFate, n int64) { f.Late = time.Duration(n) }},
	} {
		if list.values == nil {
			continue
		}
		some = true
		if len(list.values) != len(fates) {
			return lossy.CopyFates{}, fmt.Errorf("%s has %d numbers for %d copies", list.name, len(list.values), len(fates))
		}
		for i, n := range list.values {
			if n < 0 || n > list.most {
				return lossy.CopyFates{}, fmt.Errorf("%s %d: must be between 0 and %d", list.name, n, list.most)
			}
			list.set(&fates[i], n)
		}
	}
	if !some {
		return lossy.CopyFates{}, nil
	}
	return lossy.PackCopies(fates), nil
}

// damages counts the kinds of damage that the line has.
func (d *decision) damages() (n int) {
	for _, has := range []bool{d.Bit != nil, d.Bits != nil, d.Bytes != nil, d.CutTo != nil, d.Added != nil} {
		if has {
			n++
		}
	}
	return n
}

// damage sets what happened to the payload. All but a single bit follows from
// the key; that the places in the log do is checked.
func (d *decision) damage(v *lossy.Verdict, size int) error {
	switch d.damages() {
	case 0:
		return nil
	case 1:
	default:
		return errors.New("a payload is damaged in one way only")
	}
	v.Corrupt = true
	if d.Bit != nil {
		v.Bit = *d.Bit
		if v.Bit < 0 || v.Bit >= size*8 {
			return fmt.Errorf("bit %d of a payload of %d bytes", v.Bit, size)
		}
		return nil
	}
	if d.Key == "" {
		return errors.New("damage without its key: this log was written by an earlier version, and does not say what bytes became")
	}
	var err error
	if v.Key, err = strconv.ParseUint(d.Key, 16, 64); err != nil {
		return fmt.Errorf("key %q is not a hexadecimal number of 64 bits", d.Key)
	}
	places, name := d.Bits, "bits"
	switch {
	case d.Bits != nil:
		v.Damage = lossy.Damage{Kind: lossy.DamageBits, N: len(d.Bits)}
	case d.Bytes != nil:
		v.Damage, places, name = lossy.Damage{Kind: lossy.DamageBytes, N: len(d.Bytes)}, d.Bytes, "bytes"
	case d.CutTo != nil:
		v.Damage, places, name = lossy.Damage{Kind: lossy.DamageTruncate}, []int{*d.CutTo}, "cut_to"
	default:
		v.Damage, places, name = lossy.Damage{Kind: lossy.DamageExtend, N: *d.Added}, []int{*d.Added}, "added"
	}
	room := size > 0 || v.Damage.Kind == lossy.DamageExtend
	within := v.Damage.N >= 1 && v.Damage.N <= lossy.MaxDamagedPlaces
	switch v.Damage.Kind {
	case lossy.DamageTruncate:
		within = true
	case lossy.DamageExtend:
		within = v.Damage.N >= 1 && v.Damage.N <= lossy.MaxExtension && size+v.Damage.N <= maxSize
	}
	if !room || !within || !slices.Equal(v.DamagedAt(nil, size), places) {
		return fmt.Errorf("%s %v does not follow from key %s in a payload of %d bytes", name, places, d.Key, size)
	}
	return nil
}
