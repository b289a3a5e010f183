package rlc

// historySize is how many messages a decoder remembers: two windows, so that a
// symbol over a full window is of use though it comes a window late.
const historySize = 2 * MaxSpan

// history holds the messages that are here, by number, each at its number modulo
// the size: a newer one replaces the one historySize before it.
type history [historySize]struct {
	number uint64
	here   bool
	length int    // of the message
	bytes  []byte // a copy of it; none if it is longer than MaxMessage
}

// get returns message n and its length, and whether it is here.
func (h *history) get(n uint64) (msg []byte, length int, here bool) {
	slot := &h[n%historySize]
	if !slot.here || slot.number != n {
		return nil, 0, false
	}
	return slot.bytes, slot.length, true
}

// put remembers a copy of message n.
func (h *history) put(n uint64, msg []byte) {
	slot := &h[n%historySize]
	slot.number, slot.here, slot.length = n, true, len(msg)
	if len(msg) > MaxMessage {
		msg = nil
	}
	if cap(slot.bytes) < len(msg) {
		// A multiple of 256, so that messages of about one length allocate once.
		slot.bytes = make([]byte, 0, (len(msg)+255)&^255)
	}
	slot.bytes = append(slot.bytes[:0], msg...)
}
