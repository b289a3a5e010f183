package proto

// maxDataElements is the number of elements of a max_data frame.
const maxDataElements = 2

// AddMaxData adds a max_data frame: the peer may use up credit to limit bytes on
// all channels together, counted since the connection began (SPEC 6.1, 7.4).
func (b *DataBuilder) AddMaxData(limit uint64) {
	b.begin()
	b.buf = appendUint(append(b.buf, codeFixArray|maxDataElements, byte(FrameMaxData)), limit)
}
