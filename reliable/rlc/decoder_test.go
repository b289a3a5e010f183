package rlc

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// lane is a sender of messages with random contents, for tests.
type lane struct {
	*Encoder
	random   *rand.Rand
	messages map[uint64][]byte
	key      uint16
}

func newLane(window int) *lane {
	return &lane{NewEncoder(window), rand.New(rand.NewPCG(5, 6)), map[uint64][]byte{}, 0}
}

// send makes message n, of at most longest bytes.
func (l *lane) send(n uint64, longest int) []byte {
	msg := make([]byte, l.random.IntN(longest+1))
	for i := range msg {
		msg[i] = byte(l.random.Uint32())
	}
	l.messages[n] = msg
	l.Add(n, msg)
	return msg
}

// symbol is a repair symbol with what travels beside it.
type symbol struct {
	first   uint64
	span    int
	key     uint16
	payload []byte
}

// repair makes the repair symbol over the window.
func (l *lane) repair() symbol {
	l.key++
	first, span := l.Window()
	return symbol{first, span, l.key, l.Repair(nil, first, span, l.key)}
}

func (d *Decoder) symbol(s symbol) []Recovered { return d.Repair(s.first, s.span, s.key, s.payload) }

// check fails the test if a recovered message is not the one that was sent.
func (l *lane) check(t rapid.TB, recovered []Recovered, want ...uint64) {
	t.Helper()
	var got []uint64
	for _, r := range recovered {
		got = append(got, r.Number)
		if !bytes.Equal(r.Data, l.messages[r.Number]) {
			t.Errorf("message %d came back as %x, it was %x", r.Number, r.Data, l.messages[r.Number])
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("recovered %v, want %v", got, want)
	}
}

// checkRows fails the test if the equations are not as documented.
func checkRows(t rapid.TB, d *Decoder) {
	t.Helper()
	if len(d.rows) > maxRows || len(d.rows)+len(d.free) > maxRows+1 {
		t.Fatalf("%d rows and %d free ones", len(d.rows), len(d.free))
	}
	s := d.stats
	if s.Symbols != s.Recovered+s.Needless+s.Refused+s.Dependent+s.Inconsistent+s.Dropped+uint64(len(d.rows)) {
		t.Fatalf("%d rows do not add up with %+v", len(d.rows), s)
	}
	for i, r := range d.rows {
		if n, found := d.oldestUnknown(r); !found || n != r.pivot || r.at(n) != 1 {
			t.Fatalf("row %d: pivot %d, oldest unknown %d with %d", i, r.pivot, n, r.at(n))
		}
		if r.unknowns() < 2 || !isZero(r.symbol[r.size:]) {
			t.Fatalf("row %d: %d unknowns, size %d", i, r.unknowns(), r.size)
		}
		left := r.unknowns()
		for n := d.oldest(); n != d.top+MaxSpan; n++ {
			if r.at(n) == 0 {
				continue
			}
			left--
			if _, _, here := d.history.get(n); here {
				t.Fatalf("row %d has message %d, which is here", i, n)
			}
		}
		if left != 0 {
			t.Fatalf("row %d has %d unknowns out of range", i, left)
		}
		for j, other := range d.rows {
			if i != j && other.at(r.pivot) != 0 {
				t.Fatalf("rows %d and %d have message %d", i, j, r.pivot)
			}
		}
	}
}

func TestOneLoss(t *testing.T) {
	l, d := newLane(16), NewDecoder(0)
	for n := range uint64(16) {
		if msg := l.send(n, 200); n != 11 {
			l.check(t, d.Message(n, msg))
		}
	}
	l.check(t, d.symbol(l.repair()), 11)
	l.check(t, d.symbol(l.repair()))
	if got, want := d.Stats(), (Stats{Symbols: 2, Recovered: 1, Needless: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Three losses wait for the third symbol, or for a retransmission.
func TestThreeLosses(t *testing.T) {
	for _, retransmitted := range []bool{false, true} {
		l, d := newLane(16), NewDecoder(0)
		for n := range uint64(16) {
			if msg := l.send(n, 200); n < 8 || n > 10 {
				l.check(t, d.Message(n, msg))
			}
		}
		l.check(t, d.symbol(l.repair()))
		l.check(t, d.symbol(l.repair()))
		checkRows(t, d)
		if retransmitted {
			l.check(t, d.Message(8, l.messages[8]), 9, 10)
		} else {
			l.check(t, d.symbol(l.repair()), 8, 9, 10)
		}
		checkRows(t, d)
	}
}

// The last messages before a pause are recovered though nothing after them came.
func TestTheTailIsRecovered(t *testing.T) {
	l, d := newLane(8), NewDecoder(100)
	for n := uint64(100); n < 108; n++ {
		if msg := l.send(n, 50); n < 106 {
			d.Message(n, msg)
		}
	}
	l.check(t, d.symbol(l.repair()))
	l.check(t, d.symbol(l.repair()), 106, 107)
}

// Numbers are 64 bits, coefficients know 32 of them: a window over 2^32, and one
// over 2^64, are windows like others.
func TestNumbersWrap(t *testing.T) {
	for _, base := range []uint64{1<<32 - 8, math.MaxUint64 - 7} {
		l, d := newLane(16), NewDecoder(base)
		for i := range uint64(16) {
			if msg := l.send(base+i, 200); i != 3 && i != 8 {
				d.Message(base+i, msg)
			}
		}
		l.check(t, d.symbol(l.repair()))
		l.check(t, d.symbol(l.repair()), base+3, base+8)
	}
}

// The lengths at both ends of what is allowed.
func TestLengths(t *testing.T) {
	for _, length := range []int{0, 1, MaxMessage} {
		e, d := NewEncoder(2), NewDecoder(0)
		msg := bytes.Repeat([]byte{7}, length)
		e.Add(0, []byte("short"))
		e.Add(1, msg)
		d.Message(0, []byte("short"))
		got := d.Repair(0, 2, 9, e.Repair(nil, 0, 2, 9))
		if len(got) != 1 || got[0].Number != 1 || !bytes.Equal(got[0].Data, msg) {
			t.Errorf("length %d: %v", length, got)
		}
	}
}

// What is returned stays until the next call: here 0 and 128, whose place in the
// history is the same, come back at once.
func TestRecoveredMessagesStayUntilTheNextCall(t *testing.T) {
	l, d := newLane(MaxSpan), NewDecoder(0)
	lost := map[uint64]bool{0: true, 63: true, 126: true, 128: true}
	var symbols []symbol
	for n := range uint64(129) {
		if msg := l.send(n, 30); !lost[n] {
			d.Message(n, msg)
		}
		if n == 63 || n == 126 {
			symbols = append(symbols, l.repair())
		}
	}
	symbols = append(symbols, symbol{126, 3, 9, l.Repair(nil, 126, 3, 9)})
	for _, s := range symbols {
		l.check(t, d.symbol(s))
	}
	l.check(t, d.Message(63, l.messages[63]), 0, 126, 128)
	checkRows(t, d)
}

// Contradictions are counted and cost the symbol, no more.
func TestContradictions(t *testing.T) {
	fresh := func() (*lane, *Decoder) {
		l, d := newLane(4), NewDecoder(0)
		for n := range uint64(4) {
			if msg := l.send(n, 20); n > 1 {
				d.Message(n, msg)
			}
		}
		return l, d
	}
	for name, c := range map[string]struct {
		do   func(l *lane, d *Decoder)
		want Stats
	}{
		"a length that does not fit": {func(l *lane, d *Decoder) {
			d.Message(0, l.messages[0])
			s := l.repair()
			s.payload[0] ^= 0xFF
			l.check(t, d.symbol(s))
		}, Stats{Symbols: 1, Inconsistent: 1}},
		"something behind the message": {func(l *lane, d *Decoder) {
			d.Message(0, l.messages[0])
			s := l.repair()
			s.payload = append(s.payload, 1)
			l.check(t, d.symbol(s))
		}, Stats{Symbols: 1, Inconsistent: 1}},
		"a symbol shorter than a message it covers": {func(l *lane, d *Decoder) {
			l.check(t, d.Repair(0, 4, 1, make([]byte, 2)))
		}, Stats{Symbols: 1, Inconsistent: 1}},
		"a later message longer than the symbol": {func(l *lane, d *Decoder) {
			d.symbol(l.repair())
			l.check(t, d.Message(0, make([]byte, 500)))
		}, Stats{Symbols: 1, Inconsistent: 1}},
		"a message too long to be covered": {func(l *lane, d *Decoder) {
			d.Message(4, make([]byte, MaxMessage+1))
			l.check(t, d.Repair(1, 4, 1, make([]byte, MaxSymbol)))
		}, Stats{Symbols: 1, Inconsistent: 1}},
		"twice the same key": {func(l *lane, d *Decoder) {
			s := l.repair()
			l.check(t, d.symbol(s))
			l.check(t, d.symbol(s))
		}, Stats{Symbols: 2, Dependent: 1}},
		"twice the same key, with other bytes": {func(l *lane, d *Decoder) {
			s := l.repair()
			l.check(t, d.symbol(s))
			s.payload[3]++
			l.check(t, d.symbol(s))
		}, Stats{Symbols: 2, Inconsistent: 1}},
	} {
		l, d := fresh()
		c.do(l, d)
		checkRows(t, d)
		if got := d.Stats(); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
