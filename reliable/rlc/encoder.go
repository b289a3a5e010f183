package rlc

import "fmt"

// Encoder is the sender's side: a window over the last messages of a lane, out of
// which it computes repair symbols. It is not safe for concurrent use.
//
// The messages stay the caller's. The encoder borrows their bytes: they must not
// change while they are in the window, that is until Add has pushed them out or
// Forget has let them go.
type Encoder struct {
	size     int // messages the window holds at most
	first    uint64
	count    int
	messages [MaxSpan][]byte // message n at n % MaxSpan
}

// NewEncoder returns an encoder whose window holds the last size messages, 1 to
// MaxSpan.
func NewEncoder(size int) *Encoder {
	if size < 1 || size > MaxSpan {
		panic(fmt.Sprintf("rlc: a window of %d messages", size))
	}
	return &Encoder{size: size}
}

// Add puts message n into the window and borrows its bytes. A window is without
// gaps: if n does not follow the last message it begins anew with n. A message
// longer than MaxMessage can't be covered; the window is empty then.
func (e *Encoder) Add(n uint64, msg []byte) {
	if n != e.first+uint64(e.count) || len(msg) > MaxMessage {
		e.Forget(e.first + uint64(e.count))
		e.first = n
	}
	if len(msg) > MaxMessage {
		return
	}
	if e.count == e.size {
		e.Forget(e.first + 1)
	}
	e.messages[n%MaxSpan] = msg
	e.count++
}

// Forget gives back the messages before n, for example because the peer has them.
func (e *Encoder) Forget(n uint64) {
	for e.count > 0 && int64(n-e.first) > 0 {
		e.messages[e.first%MaxSpan] = nil
		e.first++
		e.count--
	}
}

// Window returns the first message in the window and how many there are.
func (e *Encoder) Window() (first uint64, count int) { return e.first, e.count }

// Repair appends the repair symbol over the messages first to first+span-1 to dst:
// lengthSize bytes more than the longest of them. All must be in the window. The
// key, 1 to 65535, chooses the coefficients and travels with the symbol; symbols
// that cover the same message should differ in it.
func (e *Encoder) Repair(dst []byte, first uint64, span int, key uint16) []byte {
	from := first - e.first
	if span < 1 || span > e.count || from > uint64(e.count-span) || key == 0 {
		panic(fmt.Sprintf("rlc: repair of %d messages from %d with key %d, but the window has %d from %d",
			span, first, key, e.count, e.first))
	}
	longest := 0
	for n := first; n != first+uint64(span); n++ {
		longest = max(longest, len(e.messages[n%MaxSpan]))
	}
	begin := len(dst)
	dst = append(dst, make([]byte, lengthSize+longest)...)
	for n := first; n != first+uint64(span); n++ {
		addMessage(dst[begin:], coefficient(key, n), e.messages[n%MaxSpan])
	}
	return dst
}
