package proto

// Versions answers a hello of an unknown version with those that are known (SPEC 8.3).
type Versions struct {
	DestID uint64              // the SourceID of the hello
	List   [MaxVersions]uint32 // the first Count entries are meaningful
	Count  int                 // 1 to MaxVersions
}

// AppendVersions appends the datagram of v to dst. It panics if v has a zero id
// or a Count out of range.
func AppendVersions(dst []byte, v *Versions) []byte {
	start := len(dst)
	dst = append(dst, codeFixArray|elements[TypeVersion], byte(TypeVersion))
	dst = appendID(dst, v.DestID)
	if v.Count < 1 {
		panic("proto: BUG: no versions")
	}
	dst = append(dst, codeFixArray|byte(v.Count))
	for _, version := range v.List[:v.Count] {
		dst = appendUint(dst, uint64(version))
	}
	return appendCRC(dst, start)
}

func (r *reader) versions(p *Versions) {
	p.DestID = r.id()
	p.Count = r.array()
	if p.Count < 1 || p.Count > MaxVersions {
		r.fail(faultVersions)
		p.Count = 0
	}
	for i := range p.Count {
		p.List[i] = r.uint32()
	}
}
