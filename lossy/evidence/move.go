package evidence

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"udplab/lossy"
)

// move is a line that says that a change of rate gave a datagram another wait than
// was decided.
type move struct {
	index uint64
	by    time.Duration
	line  uint32
	copy  uint8 // from 0
}

// addMove takes in the line at hand, which is about a packet decided before.
func (r *Recording) addMove(line int) error {
	d := &r.line
	key, err := d.lane()
	switch {
	case err != nil:
		return err
	case d.Moved < 1 || d.Moved > 1+lossy.MaxDuplicateCopies:
		return fmt.Errorf("moved %d: must be between 1 and %d", d.Moved, 1+lossy.MaxDuplicateCopies)
	case d.MovedBy < -maxTime || d.MovedBy > maxTime:
		return fmt.Errorf("by_ns %d: must be between -%d and %d", d.MovedBy, maxTime, maxTime)
	case d.Size != nil || d.Drop != "" || d.Copies != nil:
		return errors.New("a line either decides about a packet or moves it")
	case r.lanes[key] == nil:
		return fmt.Errorf("%v index %d is moved, and was not decided before", key, *d.Index)
	case r.moves == MaxDecisions:
		return fmt.Errorf("a log of more than %d moves", MaxDecisions)
	}
	r.moves++
	lives := r.lanes[key].lives
	last := lives[len(lives)-1]
	last.moves = append(last.moves, move{*d.Index, time.Duration(d.MovedBy), uint32(line), uint8(d.Moved - 1)})
	return nil
}

// makeMoves adds up the waits, once the entries are in order. Whatever was moved is
// packed anew, once.
func (l *life) makeMoves() error {
	slices.SortStableFunc(l.moves, func(a, b move) int { return cmp.Compare(a.index, b.index) })
	for len(l.moves) > 0 {
		first := l.moves[0]
		at, found := l.find(first.index, 0)
		if !found || l.entries[at].line > first.line {
			return &LineError{int(first.line), fmt.Errorf("index %d is moved, and was not decided before", first.index)}
		}
		size, v := l.fateAt(l.entries[at].at)
		n := 1
		for n < len(l.moves) && l.moves[n].index == first.index {
			n++
		}
		if err := makeMoves(&v, l.moves[:n]); err != nil {
			return err
		}
		if len(l.fates) > maxFates {
			return &LineError{int(first.line), errFates}
		}
		l.entries[at].at = uint32(len(l.fates))
		l.fates = appendFate(l.fates, size, &v)
		l.moves = l.moves[n:]
	}
	l.moves = nil
	return nil
}

// makeMoves changes the waits of the copies of one packet.
func makeMoves(v *lossy.Verdict, moves []move) error {
	fates := make([]lossy.CopyFate, v.Copies)
	for i := range fates {
		fates[i] = lossy.CopyFate{Wait: v.Wait, Marked: v.Marked}
	}
	if v.Apart != (lossy.CopyFates{}) {
		fates = v.Apart.Unpack(fates[:0])
	}
	for _, m := range moves {
		if int(m.copy) >= len(fates) {
			return &LineError{int(m.line), fmt.Errorf("index %d has %d copies, and copy %d is moved", m.index, len(fates), m.copy+1)}
		}
		wait := &fates[m.copy].Wait
		if *wait += m.by; *wait < 0 || *wait > maxTime {
			return &LineError{int(m.line), fmt.Errorf("index %d is moved to a wait of %d ns", m.index, *wait)}
		}
	}
	v.Wait, v.Apart = fates[0].Wait, lossy.CopyFates{}
	if slices.ContainsFunc(fates, func(f lossy.CopyFate) bool { return f != lossy.CopyFate{Wait: v.Wait, Marked: v.Marked} }) {
		v.Apart = lossy.PackCopies(fates)
	}
	return nil
}
