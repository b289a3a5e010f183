package lossy

import (
	"fmt"
	"time"
)

// MaxDuplicateCopies is how many copies Profile.DuplicateCopies may ask for.
const MaxDuplicateCopies = 100

// duplicate sends a packet again, once or more. The copies share the original's
// delay, damage and displacement and follow right behind it, unless they have a
// delay of their own: see Link.late.
type duplicate struct {
	draws       stream
	probability float64
	extra       int // copies made of a duplicated packet
}

func (d *duplicate) copies(index uint64) int {
	if d.draws.hits(index, d.probability) {
		return 1 + d.extra
	}
	return 1
}

func (p Profile) duplicateCopies() int {
	if p.DuplicateCopies == 0 {
		return 1
	}
	return p.DuplicateCopies
}

func (p Profile) validateDuplicate() error {
	if p.DuplicateCopies < 0 || p.DuplicateCopies > MaxDuplicateCopies {
		return fmt.Errorf("duplicate-copies %d: must be between 1 and %d, or 0 for one", p.DuplicateCopies, MaxDuplicateCopies)
	}
	if p.DuplicateDelay < 0 || p.DuplicateDelay > MaxDelay {
		return fmt.Errorf("duplicate-delay %v: must be between 0 and %v", p.DuplicateDelay, MaxDelay)
	}
	return nil
}

// describeDuplicate is what String says of the copies, if they are not one that
// follows at once.
func (p Profile) describeDuplicate() (s string) {
	if p.DuplicateCopies > 1 {
		s = fmt.Sprintf(" copies %d", p.DuplicateCopies)
	}
	if p.DuplicateDelay > 0 {
		s += fmt.Sprintf(" later by %v", time.Duration(p.DuplicateDelay))
	}
	return s
}
