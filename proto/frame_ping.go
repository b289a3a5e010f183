package proto

// pingElements is the number of elements of a ping frame.
const pingElements = 1

// AddPing adds a ping frame: it carries nothing, but the packet is acked (SPEC 7.5).
func (b *DataBuilder) AddPing() {
	b.begin()
	b.buf = append(b.buf, codeFixArray|pingElements, byte(FramePing))
}
