package lossy

import "fmt"

// Discipline is how a queue chooses what to drop, and when: a DropHead, a CoDel
// or a RED. Nil is drop-tail: what arrives at a full queue.
type Discipline interface {
	fmt.Stringer // as ParseDiscipline reads it
	validate() error
}

// DropHead makes room in a full queue by dropping what has waited longest: what
// is let in is newer, and a sender hears of the congestion sooner. A datagram
// that would not fit into the empty queue is dropped itself.
type DropHead struct{}

// String returns "drop-head".
func (DropHead) String() string { return "drop-head" }

func (DropHead) validate() error { return nil }

const dropTail = "drop-tail"

// ParseDiscipline reads a queue discipline: "drop-tail", "drop-head",
// "codel:target=5ms,interval=100ms" or "red:min=5packets,max=15packets,p=2%,weight=0.002",
// where what is left out has these values.
func ParseDiscipline(s string) (Discipline, error) {
	t := parseTerms(s)
	var d Discipline
	switch t.name {
	case dropTail:
	case DropHead{}.String():
		d = DropHead{}
	case codelName:
		d = readCoDel(t)
	case redName:
		d = readRED(t)
	default:
		return nil, fmt.Errorf("%q is no queue discipline: choose drop-tail, drop-head, codel or red", s)
	}
	if err := t.done(); err != nil {
		return nil, err
	}
	if d != nil {
		if err := d.validate(); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// FormatDiscipline writes a discipline as ParseDiscipline reads it.
func FormatDiscipline(d Discipline) string {
	if d == nil {
		return dropTail
	}
	return d.String()
}
