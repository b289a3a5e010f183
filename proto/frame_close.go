package proto

import "unicode/utf8"

// Close ends a connection (SPEC 7.6).
type Close struct {
	Code   uint32 // for programs; what it means is up to the application, 0 is a normal end
	Reason []byte // for people: UTF-8, at most MaxReason bytes
}

// closeElements is the number of elements of a close frame.
const closeElements = 3

// AddClose adds a close frame. A reason that is too long or not UTF-8 is cut to
// the longest start that is neither: it comes from people, and a close must go out.
func (b *DataBuilder) AddClose(c *Close) {
	b.begin()
	dst := append(b.buf, codeFixArray|closeElements, byte(FrameClose))
	dst = appendUint(dst, uint64(c.Code))
	b.buf = appendStr(dst, cleanReason(c.Reason))
}

// cleanReason is the longest start of s that a close frame may carry.
func cleanReason(s []byte) []byte {
	n := 0
	for n < len(s) {
		c, size := utf8.DecodeRune(s[n:])
		if c == utf8.RuneError && size == 1 || n+size > MaxReason {
			break
		}
		n += size
	}
	return s[:n]
}

func readClose(b []byte, i pos, c *Close, n int) pos {
	i = i.demand(n == closeElements, faultFrameElements)
	c.Code, i = readUint32(b, i)
	c.Reason, i = readStr(b, i)
	return i.demand(len(c.Reason) <= MaxReason, faultReason)
}
