package rlc

import (
	"math"
	"testing"
)

// What is out of range is refused, and what is just inside is not.
func TestRange(t *testing.T) {
	const here = 1000 // messages 0 to 999 came, 872 and later are remembered
	for _, c := range []struct {
		first   uint64
		span    int
		key     uint16
		size    int
		refused bool
	}{
		{here, 64, 1, 100, false},
		{here + 1, 64, 1, 100, true},
		{here + 63, 1, 1, 100, false},
		{here + 64, 1, 1, 100, true},
		{here - 128, 64, 1, 100, false},
		{here - 129, 64, 1, 100, true},
		{here, 0, 1, 100, true},
		{here, -1, 1, 100, true},
		{here - 64, 65, 1, 100, true},
		{here, math.MaxInt, 1, 100, true},
		{here, 4, 0, 100, true},
		{here, 4, 65535, 100, false},
		{here, 4, 1, 1, true},
		{here, 4, 1, 2, false},
		{here, 4, 1, MaxSymbol, false},
		{here, 4, 1, MaxSymbol + 1, true},
		{1 << 63, 4, 1, 100, true},
		{1<<63 + here, 4, 1, 100, true},
		{math.MaxUint64, 4, 1, 100, true},
	} {
		d := NewDecoder(0)
		for n := range uint64(here) {
			d.Message(n, nil)
		}
		d.Repair(c.first, c.span, c.key, make([]byte, c.size))
		if got := d.Stats().Refused == 1; got != c.refused {
			t.Errorf("%+v: refused %v", c, got)
		}
		checkRows(t, d)
	}
	d := NewDecoder(50)
	d.Repair(49, 2, 1, make([]byte, 10))
	if d.Stats().Refused != 1 {
		t.Error("a message before the first one was accepted")
	}
	d.Message(49, nil)
	if _, _, here := d.history.get(49); here {
		t.Error("a message before the first one is remembered")
	}
}

// Symbols that are never resolved push each other out; those whose messages are too
// old go with them.
func TestRowsAreBounded(t *testing.T) {
	d := NewDecoder(0)
	for key := range uint16(100) {
		d.Repair(0, 64, key+1, make([]byte, 40))
		checkRows(t, d)
	}
	if len(d.rows) != maxRows || d.Stats().Dropped != 100-maxRows {
		t.Errorf("%d rows, %+v", len(d.rows), d.Stats())
	}
	for n := uint64(64); n < 64+historySize; n++ {
		d.Message(n, nil)
		checkRows(t, d)
	}
	if len(d.rows) != 0 {
		t.Errorf("%d rows are older than all that is remembered", len(d.rows))
	}
}

// A leap forward gives up what was before it.
func TestALeapForward(t *testing.T) {
	l, d := newLane(8), NewDecoder(0)
	for n := range uint64(8) {
		l.send(n, 10)
	}
	d.symbol(l.repair())
	d.Message(1<<40, []byte("far"))
	checkRows(t, d)
	if got, want := d.Stats(), (Stats{Symbols: 1, Dropped: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	d.Message(1<<40+1<<63, []byte("half of all numbers ahead"))
	if d.top != 1<<40+1 {
		t.Errorf("the top went to %d", d.top)
	}
}

// Whatever comes, a decoder keeps no more than its documentation says: 128 messages
// and 33 rows of 2 KiB.
func TestMemoryIsBounded(t *testing.T) {
	d := NewDecoder(0)
	for i := range uint64(2000) {
		n := i * 3 / 2
		d.Message(n, make([]byte, i*7%(2*MaxSymbol)))
		d.Repair(n-5, 64, uint16(i+1), make([]byte, 2+i*5%MaxMessage))
		checkRows(t, d)
	}
	held := 0
	for _, slot := range d.history {
		held += cap(slot.bytes)
	}
	if held > historySize*MaxSymbol || held < historySize*MaxSymbol/2 {
		t.Errorf("%d bytes of messages", held)
	}
	if rows := len(d.rows) + len(d.free); rows != maxRows+1 {
		t.Errorf("%d rows", rows)
	}
}
