package presets

import (
	"slices"
	"strings"

	"udplab/lossy/spelling"
)

// mostNear is how many names are proposed.
const mostNear = 3

// near lists the names that somebody who wrote this one may have meant: those a
// few letters away, then those it is part of.
func near(name string) []string {
	if name == "" || len(name) > 64 {
		return nil
	}
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	add := func(known, name string) {
		d := spelling.Distance(name, known)
		part := len(name) >= 2 && strings.Contains(known, name)
		if d > 2 && !part || d >= len(name) && !part {
			return
		}
		if part {
			d = min(d, 3)
		}
		found = append(found, candidate{known, d})
	}
	for _, p := range All() {
		for _, known := range append([]string{p.Name}, p.Aliases...) {
			add(known, name)
		}
	}
	for known := range scenarios() {
		add(known, name)
	}
	slices.SortFunc(found, func(a, b candidate) int {
		if a.distance != b.distance {
			return a.distance - b.distance
		}
		return strings.Compare(a.name, b.name)
	})
	var names []string
	for _, c := range found {
		if len(names) < mostNear && !slices.Contains(names, c.name) {
			names = append(names, c.name)
		}
	}
	return names
}
