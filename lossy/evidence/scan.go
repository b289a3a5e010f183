package evidence

import "encoding/json"

// scan reads a line that is written as decisions writes lines: members without
// blanks, whole numbers, strings without escapes. It is several times as fast as
// encoding/json, which reads whatever else there is: false says that this is
// such, or is no decision at all. What scan accepts, encoding/json reads alike.
func (d *decision) scan(line []byte) bool {
	*d = decision{}
	s := scanner{rest: line}
	if !s.skip('{') {
		return false
	}
	for {
		key, ok := s.text()
		if !ok || !s.skip(':') || !d.member(&s, key) {
			return false
		}
		if s.skip('}') {
			return s.skip('\n') && len(s.rest) == 0
		}
		if !s.skip(',') {
			return false
		}
	}
}

// member reads the value of one member.
func (d *decision) member(s *scanner, key []byte) (ok bool) {
	switch string(key) {
	case "t_ns":
		d.At, ok = s.number()
	case "flow":
		d.Flow, ok = s.flow()
	case "dir":
		d.Dir, ok = s.word()
	case "drop":
		d.Drop, ok = s.word()
	case "key":
		d.Key, ok = s.word()
	case "index":
		var n int64
		n, ok = s.number()
		d.room.index = uint64(n)
		d.Index = &d.room.index
	case "turn":
		var n int64
		n, ok = s.number()
		d.room.turn = uint64(n)
		d.Turn = &d.room.turn
	case "size":
		d.Size, ok = s.keep(&d.room.size)
	case "copies":
		d.Copies, ok = s.keep(&d.room.copies)
	case "bit":
		d.Bit, ok = s.keep(&d.room.bit)
	case "delay_ns":
		d.Delay, ok = s.number()
	case "wait_ns":
		d.Wait, ok = s.number()
	case "hold_ns":
		d.Hold, ok = s.number()
	case "by":
		_, ok = s.keep(&d.By)
	case "rule":
		_, ok = s.keep(&d.Rule)
	case "at_once":
		d.AtOnce = s.yes()
		return d.AtOnce
	case "racing":
		d.Racing = s.yes()
		return d.Racing
	case "marked":
		d.Marked = s.yes()
		return d.Marked
	}
	return ok
}

// scanner takes a line apart from the front.
type scanner struct{ rest []byte }

func (s *scanner) skip(c byte) bool {
	if len(s.rest) == 0 || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// text reads a string, without its quotes.
func (s *scanner) text() ([]byte, bool) {
	if !s.skip('"') {
		return nil, false
	}
	for i, c := range s.rest {
		switch {
		case c == '"':
			text := s.rest[:i]
			s.rest = s.rest[i+1:]
			return text, true
		case c == '\\' || c < ' ' || c > '~':
			return nil, false
		}
	}
	return nil, false
}

// word is text that is kept. Those that are in most lines cost no memory.
func (s *scanner) word() (string, bool) {
	text, ok := s.text()
	switch string(text) {
	case "up":
		return "up", ok
	case "down":
		return "down", ok
	case "loss":
		return "loss", ok
	}
	return string(text), ok
}

// number reads a whole number that is not negative and has at most 18 digits.
func (s *scanner) number() (n int64, ok bool) {
	i := 0
	for ; i < len(s.rest) && s.rest[i] >= '0' && s.rest[i] <= '9'; i++ {
		if i == 18 {
			return 0, false
		}
		n = n*10 + int64(s.rest[i]-'0')
	}
	if i == 0 || i > 1 && s.rest[0] == '0' {
		return 0, false
	}
	s.rest = s.rest[i:]
	return n, true
}

// keep reads a number to where it may be pointed at.
func (s *scanner) keep(at *int) (*int, bool) {
	n, ok := s.number()
	*at = int(n)
	return at, ok && int64(*at) == n
}

// flow reads a number or a string as it stands there, until the next line.
func (s *scanner) flow() (json.RawMessage, bool) {
	from := s.rest
	_, ok := s.number()
	if !ok {
		_, ok = s.text()
	}
	return json.RawMessage(from[:len(from)-len(s.rest)]), ok
}

func (s *scanner) yes() bool {
	if len(s.rest) < 4 || string(s.rest[:4]) != "true" {
		return false
	}
	s.rest = s.rest[4:]
	return true
}
