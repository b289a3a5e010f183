package proto

// Versions answers a hello of an unknown version with those that are known (SPEC 5.5).
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

func readVersions(b []byte, i pos, v *Versions) pos {
	v.DestID, i = readID(b, i)
	v.Count, i = readArray(b, i)
	i = i.demand(v.Count > 0 && v.Count <= MaxVersions, faultVersions)
	if i < 0 {
		return i
	}
	for k := range v.Count {
		v.List[k], i = readUint32(b, i)
	}
	return i
}
