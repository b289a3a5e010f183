package sim

import "math/bits"

// numberSet is a set of packet numbers as they are on the wire, 32 bits. It
// costs a bit a number where they follow each other, so that a run of any
// length can be watched, and one page for a number far from the others. The
// zero value is empty.
type numberSet struct {
	pages map[uint32]*page
}

const pageWords = 64

// page holds the numbers that agree in all but their lowest twelve bits.
type page [pageWords]uint64

// split says where a number is: in which page, in which word of it, which bit.
func split(number uint32) (at uint32, word, bit int) {
	return number / (pageWords * 64), int(number / 64 % pageWords), int(number % 64)
}

func (s *numberSet) add(number uint32) {
	at, word, bit := split(number)
	if s.pages[at] == nil {
		if s.pages == nil {
			s.pages = make(map[uint32]*page)
		}
		s.pages[at] = new(page)
	}
	s.pages[at][word] |= 1 << bit
}

// missing returns the lowest of the count numbers from first on that is not in
// the set, if any. The numbers may wrap.
func (s *numberSet) missing(first, count uint32) (number uint32, some bool) {
	for count > 0 {
		at, word, bit := split(first)
		n := min(uint32(64-bit), count) // of this word
		var have uint64
		if p := s.pages[at]; p != nil {
			have = p[word] >> bit
		}
		if run := uint32(bits.TrailingZeros64(^have)); run < n {
			return first + run, true
		}
		first += n
		count -= n
	}
	return 0, false
}
