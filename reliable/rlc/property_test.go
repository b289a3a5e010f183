package rlc

import (
	"bytes"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// event is one packet of a lane: a message or a symbol.
type event struct {
	number uint64
	msg    []byte
	symbol *symbol
}

// drawLane lets a sender send up to MaxSpan messages with up to maxRows symbols
// among them, as it likes. No more, so that nothing is out of a decoder's bounds in
// whatever order it comes.
func drawLane(t *rapid.T) (l *lane, first uint64, sent []event) {
	first = rapid.SampledFrom([]uint64{0, 1, 1<<32 - 20, 1<<32 + 1, math.MaxUint64 - 19}).Draw(t, "first")
	l = newLane(rapid.IntRange(1, MaxSpan).Draw(t, "window"))
	longest := rapid.SampledFrom([]int{0, 1, 40, 300}).Draw(t, "longest")
	count := rapid.IntRange(1, MaxSpan).Draw(t, "messages")
	symbols := 0
	for i := range count {
		n := first + uint64(i)
		sent = append(sent, event{number: n, msg: l.send(n, longest)})
		for symbols < maxRows && rapid.IntRange(0, 2).Draw(t, "repair") == 0 {
			start, size := l.Window()
			skip := rapid.IntRange(0, size-1).Draw(t, "skip")
			span := rapid.IntRange(1, size-skip).Draw(t, "span")
			s := &symbol{first: start + uint64(skip), span: span, key: uint16(rapid.IntRange(1, 65535).Draw(t, "key"))}
			s.payload = l.Repair(nil, s.first, s.span, s.key)
			sent = append(sent, event{symbol: s})
			symbols++
		}
	}
	return l, first, sent
}

// Whatever is lost and overtaken: in the end the decoder has exactly the messages
// that follow from the packets that came, by algebra done dumbly, and they are the
// right ones. So the order does not matter.
func TestRecoversExactlyWhatCanBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, first, sent := drawLane(t)
		if rapid.Bool().Draw(t, "overtake") {
			sent = rapid.Permutation(sent).Draw(t, "order")
		}
		loss := rapid.IntRange(1, 9).Draw(t, "loss")
		d, s := NewDecoder(first), new(solver)
		have := map[uint64]bool{}
		for _, e := range sent {
			if rapid.IntRange(0, 9).Draw(t, "fate") < loss {
				continue
			}
			var recovered []Recovered
			if e.symbol != nil {
				s.add(repairSymbol(e.symbol.first, e.symbol.span, e.symbol.key, e.symbol.payload))
				recovered = d.symbol(*e.symbol)
			} else {
				s.add(message(e.number, e.msg))
				recovered = d.Message(e.number, e.msg)
				have[e.number] = true
			}
			for _, r := range recovered {
				if have[r.Number] || !bytes.Equal(r.Data, l.messages[r.Number]) {
					t.Fatalf("message %d came back as %x, it was %x (here before: %v)", r.Number, r.Data, l.messages[r.Number], have[r.Number])
				}
				have[r.Number] = true
			}
			checkRows(t, d)
		}
		solved := s.solved()
		for n := range solved {
			if !have[n] {
				t.Fatalf("message %d follows from what came, and was not recovered", n)
			}
		}
		if len(have) != len(solved) {
			t.Fatalf("%d messages, but only %d follow from what came", len(have), len(solved))
		}
		if s := d.Stats(); s.Refused+s.Inconsistent+s.Dropped != 0 {
			t.Fatalf("%+v", s)
		}
	})
}

// An honest lane with a hostile one's packets among them: nothing breaks, and what
// is remembered keeps to its bounds.
func TestHostileSymbolsAmongHonestOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, first, sent := drawLane(t)
		d := NewDecoder(first)
		for _, e := range sent {
			if e.symbol != nil {
				s := *e.symbol
				s.payload = bytes.Clone(s.payload)
				switch rapid.IntRange(0, 5).Draw(t, "damage") {
				case 0:
					s.payload[rapid.IntRange(0, len(s.payload)-1).Draw(t, "where")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
				case 1:
					s.payload = s.payload[:rapid.IntRange(0, len(s.payload)).Draw(t, "size")]
				case 2:
					s.first += uint64(rapid.Int64().Draw(t, "by"))
				case 3:
					s.first += uint64(rapid.Int64Range(-200, 200).Draw(t, "by"))
					s.span = rapid.IntRange(0, 80).Draw(t, "span")
				case 4:
					s.key = rapid.Uint16().Draw(t, "key")
				}
				d.symbol(s)
			} else if rapid.Bool().Draw(t, "comes") {
				d.Message(e.number+uint64(rapid.SampledFrom([]int{0, 0, 0, 0, -100, 1, 50, 300}).Draw(t, "leap")), e.msg)
			}
			checkRows(t, d)
		}
	})
}
