package presets

import (
	"slices"
	"strings"
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
		d := distance(name, known)
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

// distance counts the insertions, deletions and replacements of a letter that
// turn a into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
