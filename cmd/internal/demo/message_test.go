package demo

import (
	"testing"
	"time"
)

func TestMessageCarriesItsNumberAndTime(t *testing.T) {
	for _, size := range []int{MinSize, MinSize + 1, 200, MaxSize} {
		b := appendMessage(nil, 399, 3990*time.Millisecond, size)
		if len(b) != size {
			t.Fatalf("message of %d bytes has %d", size, len(b))
		}
		index, due, ok := parseMessage(b, 400, size)
		if index != 399 || due != 3990*time.Millisecond || !ok {
			t.Errorf("size %d: got %d, %v, %v; want 399, 3.99s, true", size, index, due, ok)
		}
	}
}

// Whatever single bit flips, and wherever a message is cut, the receiver knows.
func TestDamagedMessagesAreRefused(t *testing.T) {
	const size = 40
	whole := appendMessage(nil, 7, time.Second, size)
	for bit := range size * 8 {
		damaged := append([]byte(nil), whole...)
		damaged[bit/8] ^= 0x80 >> (bit % 8)
		if _, _, ok := parseMessage(damaged, 400, size); ok {
			t.Errorf("bit %d flipped: accepted", bit)
		}
	}
	for n := range size {
		if _, _, ok := parseMessage(whole[:n], 400, size); ok {
			t.Errorf("cut to %d bytes: accepted", n)
		}
		if _, _, ok := parseMessage(whole[:n], 400, n); ok {
			t.Errorf("cut to %d bytes, which is the size expected: accepted", n)
		}
	}
	if _, _, ok := parseMessage(nil, 400, 0); ok {
		t.Error("an empty message: accepted")
	}
}

// An intact message of another run must not be taken for one of this.
func TestMessagesBeyondTheRunAreRefused(t *testing.T) {
	if _, _, ok := parseMessage(appendMessage(nil, 400, 0, 40), 400, 40); ok {
		t.Error("message 400 of 0..399: accepted")
	}
	if _, _, ok := parseMessage(appendMessage(nil, 1, -time.Second, 40), 400, 40); ok {
		t.Error("a message due before the start: accepted")
	}
}
