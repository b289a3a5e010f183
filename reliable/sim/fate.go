package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Fate is what happens to one datagram before it enters its link. The zero
// value lets it pass.
type Fate struct {
	Kind FateKind
	// By is how long it is held back before it enters the link, whatever its
	// kind: Delay is the kind of a fate that does nothing else.
	By time.Duration
	// Again is how much later than the first the second of a Duplicate enters.
	Again time.Duration
	// Place orders what enters at one moment: a higher one later, 0 first.
	Place int
}

// FateKind is what a Fate does.
type FateKind uint8

const (
	Deliver   FateKind = iota // it passes
	Drop                      // it is lost
	Duplicate                 // it passes twice
	Delay                     // it passes later; what is sent after it may overtake it
	Corrupt                   // it passes with one bit flipped
	TooLarge                  // it is lost, because it is larger than the path carries
)

var fateNames = [...]string{"deliver", "drop", "duplicate", "delay", "corrupt", "toolarge"}

func (k FateKind) String() string { return fateNames[k] }

// String writes the fate as the command "fates" reads it: drop, delay=70ms,
// duplicate=5ms+delay=70ms.
func (f Fate) String() string {
	word := f.Kind.String()
	switch {
	case f.Kind == Delay:
		word += "=" + f.By.String()
	case f.Kind == Duplicate && f.Again > 0:
		word += "=" + f.Again.String()
	}
	if f.By > 0 && f.Kind != Drop && f.Kind != Delay {
		word += "+delay=" + f.By.String()
	}
	if f.Place > 0 {
		word += "+place=" + strconv.Itoa(f.Place)
	}
	return word
}

// parseFate reads what String writes.
func parseFate(word string) (Fate, error) {
	var f Fate
	word, place, placed := strings.Cut(word, "+place=")
	first, late, combined := strings.Cut(word, "+")
	name, value, _ := strings.Cut(first, "=")
	known := false
	for kind, kindName := range fateNames {
		if name == kindName {
			known = true
			f.Kind = FateKind(kind)
		}
	}
	if !known || combined && !strings.HasPrefix(late, "delay=") {
		return f, fmt.Errorf("unknown fate %q", word)
	}
	var err error
	switch {
	case f.Kind == Delay:
		f.By, err = time.ParseDuration(value)
	case f.Kind == Duplicate && value != "":
		f.Again, err = time.ParseDuration(value)
	}
	if err == nil && combined {
		err = option(late, &f.By, nil)
	}
	if err == nil && placed {
		f.Place, err = strconv.Atoi(place)
	}
	return f, err
}

// parseFates reads the fates of consecutive datagrams; "drop*3" stands for
// three of the same.
func parseFates(words []string) ([]Fate, error) {
	var fates []Fate
	for _, word := range words {
		word, count, repeated := strings.Cut(word, "*")
		n := 1
		if repeated {
			var err error
			if n, err = strconv.Atoi(count); err != nil || n < 1 || n > maxRepeat {
				return nil, fmt.Errorf("%q: not a count from 1 to %d", count, maxRepeat)
			}
		}
		f, err := parseFate(word)
		if err != nil {
			return nil, err
		}
		for range n {
			fates = append(fates, f)
		}
	}
	return fates, nil
}

const maxRepeat = 1 << 20

// formatFates writes what parseFates reads.
func formatFates(fates []Fate) string {
	var words []string
	for i := 0; i < len(fates); {
		n := 1
		for i+n < len(fates) && fates[i+n] == fates[i] {
			n++
		}
		word := fates[i].String()
		if n > 1 {
			word += "*" + strconv.Itoa(n)
		}
		words = append(words, word)
		i += n
	}
	return strings.Join(words, " ")
}
