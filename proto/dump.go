package proto

import "strconv"

// dumpLimit is about how long the text of a dump may get.
const dumpLimit = 240

// dump writes the elements of a datagram as text, whatever they mean:
//
//	[4 43 7 [[9 1]] crc]
//
// Byte strings are shown by their length. The datagram must have passed Validate.
func (c *Reference) dump(b []byte) string {
	c.in.Reset(b)
	c.dec.Reset(&c.in)
	return string(c.appendElement(nil, b))
}

func (c *Reference) appendElement(dst, b []byte) []byte {
	if c.in.Len() == crcSize {
		return append(dst, "crc"...)
	}
	switch code, err := c.dec.PeekCode(); {
	case err != nil:
		return append(dst, '?')
	case code >= codeFixArray && code <= codeFixArrayHigh, code == codeArray16:
		return c.appendElements(dst, b)
	case code <= codeFixIntHigh, code >= codeUint8 && code <= codeUint64:
		return strconv.AppendUint(dst, c.readUint(), 10)
	case code >= codeBin8 && code <= codeBin32:
		return append(strconv.AppendInt(dst, int64(len(c.readBytes(b))), 10), 'B')
	default:
		return append(dst, excerpt(c.readBytes(b))...)
	}
}

// appendElements recurses no deeper than Validate allows arrays to be nested.
func (c *Reference) appendElements(dst, b []byte) []byte {
	dst = append(dst, '[')
	for i := range c.readArray() {
		if i > 0 {
			dst = append(dst, ' ')
		}
		if len(dst) > dumpLimit {
			return append(dst, "...]"...)
		}
		dst = c.appendElement(dst, b)
	}
	return append(dst, ']')
}
