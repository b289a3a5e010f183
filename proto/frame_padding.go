package proto

const (
	// paddingElements is the number of elements of a padding frame.
	paddingElements = 2
	// MinPadding is the least AddPadding adds in bytes: a frame without zeros.
	MinPadding = 1 + 1 + 2
)

// AddPadding makes the packet n bytes longer by zeros (SPEC 7.13): if no frame
// is added behind it, the finished datagram has the bytes Len said before, plus
// n. So Len()+n is the length of an MTU probe. It panics if n is below
// MinPadding, the shortest padding frame there is; a packet that lacks 1 to 3
// bytes cannot be padded to its length.
//
// No frame has exactly one byte more than the longest with a bin8: there, two
// are added.
func (b *DataBuilder) AddPadding(n int) {
	if n < MinPadding || n > MaxDatagram {
		panic("proto: BUG: padding shorter than its frame, or longer than a datagram")
	}
	if zeros := paddingZeros(n); zeros >= 0 {
		b.addPaddingFrame(zeros)
		return
	}
	size := b.Len() + n
	b.addPaddingFrame(0)
	// Len again, because this may have been the frame with which the header of
	// the frame array grows.
	b.addPaddingFrame(paddingZeros(size - b.Len()))
}

// paddingZeros is how many zeros a padding frame of n bytes has, -1 if there is
// no such frame.
func paddingZeros(n int) int {
	for _, header := range [...]int{2, 3} {
		if zeros := n - 2 - header; zeros >= 0 && binSize(zeros) == header+zeros {
			return zeros
		}
	}
	return -1
}

func (b *DataBuilder) addPaddingFrame(zeros int) {
	b.begin()
	b.buf = appendPadding(append(b.buf, codeFixArray|paddingElements, byte(FramePadding)), zeros)
}

func readPadding(b []byte, i pos, zeros *int, n int) pos {
	padding, i := readBin(b, i.demand(n == paddingElements, faultFrameElements))
	*zeros = len(padding)
	return i.demand(zero(padding), faultPadding)
}
