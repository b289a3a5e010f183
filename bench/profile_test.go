package bench

import (
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime/pprof"
	"slices"
	"strings"
)

// endLabel is the label of profiles that says whose work a goroutine does: a
// goroutine has the labels of the one that started it, so both ends' readers
// and timers carry it as well.
const endLabel = "end"

const (
	sendingEnd   = "sender"
	receivingEnd = "receiver"
)

// asEnd runs f, and whatever it starts, under the label of one end.
func asEnd(end string, f func()) {
	pprof.Do(context.Background(), pprof.Labels(endLabel, end), func(context.Context) { f() })
}

// sample is one line of a profile: what was seen to run, and for how much.
type sample struct {
	end   string   // value of endLabel, empty if nobody's
	stack []string // functions, those that were inlined included
	value int64    // of the profile's last kind: nanoseconds in one of the CPU
}

// in reports whether one of the functions was running.
func (s *sample) in(functions ...string) bool {
	return slices.ContainsFunc(s.stack, func(running string) bool { return slices.Contains(functions, running) })
}

// inMethodOf reports whether a method of that receiver was running.
func (s *sample) inMethodOf(receiver string) bool {
	return slices.ContainsFunc(s.stack, func(running string) bool { return strings.HasPrefix(running, receiver+".") })
}

// readProfile reads what package runtime/pprof writes: a gzipped message of
// profile.proto (github.com/google/pprof), of which it takes the samples.
func readProfile(r io.Reader) ([]sample, error) {
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(unzipped)
	if err != nil {
		return nil, err
	}
	var p profile
	if err := p.read(b); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return p.resolve()
}

// profile is a profile as it is stored: everything by number.
type profile struct {
	samples   [][]byte
	locations map[uint64][]uint64 // functions of each, innermost first
	functions map[uint64]uint64   // name of each
	text      []string
}

func (p *profile) read(b []byte) error {
	p.locations, p.functions = map[uint64][]uint64{}, map[uint64]uint64{}
	return fields(b, func(tag, _ uint64, b []byte) error {
		switch tag {
		case 2:
			p.samples = append(p.samples, b)
		case 4: // location: 1 = id, 4 = line, of which 1 = function
			var id uint64
			var functions []uint64
			err := fields(b, func(tag, n uint64, b []byte) error {
				switch tag {
				case 1:
					id = n
				case 4:
					return fields(b, func(tag, n uint64, _ []byte) error {
						if tag == 1 {
							functions = append(functions, n)
						}
						return nil
					})
				}
				return nil
			})
			p.locations[id] = functions
			return err
		case 5: // function: 1 = id, 2 = name
			var id, name uint64
			err := fields(b, func(tag, n uint64, _ []byte) error {
				switch tag {
				case 1:
					id = n
				case 2:
					name = n
				}
				return nil
			})
			p.functions[id] = name
			return err
		case 6:
			p.text = append(p.text, string(b))
		}
		return nil
	})
}

// resolve is the samples with names for numbers.
func (p *profile) resolve() ([]sample, error) {
	samples := make([]sample, len(p.samples))
	for i, b := range p.samples {
		s := &samples[i]
		err := fields(b, func(tag, n uint64, b []byte) error {
			switch tag {
			case 1:
				return numbers(n, b, func(location uint64) error {
					for _, f := range p.locations[location] {
						name, err := p.at(p.functions[f])
						if err != nil {
							return err
						}
						s.stack = append(s.stack, name)
					}
					return nil
				})
			case 2:
				return numbers(n, b, func(value uint64) error { s.value = int64(value); return nil })
			case 3:
				return p.label(b, s)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("sample %d: %w", i, err)
		}
	}
	return samples, nil
}

// label takes in a label: 1 = key, 2 = value.
func (p *profile) label(b []byte, s *sample) error {
	var key, value string
	err := fields(b, func(tag, n uint64, _ []byte) (err error) {
		switch tag {
		case 1:
			key, err = p.at(n)
		case 2:
			value, err = p.at(n)
		}
		return err
	})
	if key == endLabel {
		s.end = value
	}
	return err
}

func (p *profile) at(n uint64) (string, error) {
	if n >= uint64(len(p.text)) {
		return "", errors.New("no such string")
	}
	return p.text[n], nil
}

var errCut = errors.New("ends too early")

// fields calls visit for each field of a protobuf message, with its number or
// its bytes (protobuf.dev/programming-guides/encoding).
func fields(b []byte, visit func(tag, n uint64, b []byte) error) error {
	for len(b) > 0 {
		key, size := binary.Uvarint(b)
		if size <= 0 {
			return errCut
		}
		b = b[size:]
		n, size := binary.Uvarint(b)
		if size <= 0 {
			return errCut
		}
		b = b[size:]
		var content []byte
		switch key & 7 {
		case 0:
		case 2:
			if n > uint64(len(b)) {
				return errCut
			}
			content, b = b[:n], b[n:]
		default:
			return fmt.Errorf("wire type %d", key&7)
		}
		if err := visit(key>>3, n, content); err != nil {
			return err
		}
	}
	return nil
}

// numbers calls visit for the numbers of a repeated field, packed or not.
func numbers(n uint64, packed []byte, visit func(uint64) error) error {
	if packed == nil {
		return visit(n)
	}
	for len(packed) > 0 {
		n, size := binary.Uvarint(packed)
		if size <= 0 {
			return errCut
		}
		packed = packed[size:]
		if err := visit(n); err != nil {
			return err
		}
	}
	return nil
}
