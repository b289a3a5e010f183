package raw

import "sort"

// overtakers remembers the packets that skipped numbers, with their arrival
// index, so that the reordering extent of a late packet can be looked up: the
// earliest arrival with a higher number (RFC 4737 section 4.2.3) is the packet
// that skipped it, because until then nothing higher had arrived.
//
// A ring of Window/2 is exact. Two such packets are at least two numbers apart,
// so fewer than Window/2 lie above any number still in the window.
type overtakers struct {
	ring  [Window / 2]overtaker
	count uint64 // ever added
}

type overtaker struct {
	number int64
	index  uint64 // of arrivals, duplicates not counted
}

// add notes a packet that skipped at least one number. Numbers must grow.
func (o *overtakers) add(number int64, index uint64) {
	o.ring[o.count%uint64(len(o.ring))] = overtaker{number, index}
	o.count++
}

// index is the arrival index of the packet that overtook number.
func (o *overtakers) index(number int64) uint64 {
	kept := min(o.count, uint64(len(o.ring)))
	oldest := o.count - kept
	at := func(i int) *overtaker { return &o.ring[(oldest+uint64(i))%uint64(len(o.ring))] }
	i := sort.Search(int(kept), func(i int) bool { return at(i).number > number })
	if i == int(kept) {
		panic("BUG: raw: a late packet that nothing overtook")
	}
	return at(i).index
}
