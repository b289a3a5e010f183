package lossy

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// DropList loses the packets of given indices, counted from 0, and no others.
// The zero value loses none and is not valid. Make one with ParseLossModel.
type DropList struct {
	ranges string // first and last index, 8 bytes each, ascending and apart
}

// MaxDropRanges is how many ranges of indices a DropList may have.
const MaxDropRanges = 4096

type indexRange struct{ first, last uint64 }

func parseDropList(t *terms) LossModel {
	var list []indexRange
	words := strings.Fields(t.need(""))
	for _, word := range words {
		first, last, found := strings.Cut(word, "-")
		if !found {
			last = first
		}
		a, err := parseIndex(first)
		b, err2 := parseIndex(last)
		switch {
		case err != nil || err2 != nil:
			t.fail("%q: %q is neither an index like 7 nor a range like 10-12", t.text, word)
		case b < a:
			t.fail("%q: the range %q ends before it begins", t.text, word)
		}
		list = append(list, indexRange{a, b})
	}
	if len(list) > MaxDropRanges {
		t.fail("list of %d ranges: at most %d", len(list), MaxDropRanges)
	}
	slices.SortFunc(list, func(a, b indexRange) int { return cmp.Compare(a.first, b.first) })
	var packed []byte
	for i := 0; i < len(list); {
		r := list[i]
		for i++; i < len(list) && list[i].first <= r.last+1; i++ {
			r.last = max(r.last, list[i].last)
		}
		packed = binary.BigEndian.AppendUint64(packed, r.first)
		packed = binary.BigEndian.AppendUint64(packed, r.last)
	}
	return DropList{string(packed)}
}

// String is the model as ParseLossModel reads it.
func (d DropList) String() string {
	words := make([]string, d.count())
	for i := range words {
		r := d.at(i)
		words[i] = strconv.FormatUint(r.first, 10)
		if r.last > r.first {
			words[i] += "-" + strconv.FormatUint(r.last, 10)
		}
	}
	return "list:" + strings.Join(words, " ")
}

func (d DropList) validate() error {
	if d.ranges == "" {
		return errors.New("an empty list loses nothing")
	}
	return nil
}

func (d DropList) count() int { return len(d.ranges) / 16 }

func (d DropList) at(i int) indexRange {
	return indexRange{word(d.ranges, 2*i), word(d.ranges, 2*i+1)}
}

func (d DropList) start(streams, lossProcess) lossProcess { return &dropList{list: d} }

type dropList struct {
	list  DropList
	next  int // the first range that does not end before the packet
	begun bool
	lost  bool
}

func (d *dropList) takes(index uint64) bool {
	if !d.begun {
		d.begun = true
		d.next = sort.Search(d.list.count(), func(i int) bool { return d.list.at(i).last >= index })
	}
	for d.next < d.list.count() && d.list.at(d.next).last < index {
		d.next++
	}
	d.lost = d.next < d.list.count() && d.list.at(d.next).first <= index
	return d.lost
}

func (d *dropList) odds() expectation { return certain(d.lost) }

func parseIndex(s string) (uint64, error) {
	v, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%q is not the index of a packet: write it like 7", s)
	}
	return v, nil
}
