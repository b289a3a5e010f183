// Package spelling finds the word that somebody may have meant: of flags, of the
// keys of files. It knows bytes, not languages.
package spelling

// Nearest returns the known word that takes the fewest changes to become name, of
// several the first of those that begin like it for longest; or "" if it takes more
// than two, or would change all of it.
func Nearest(name string, known []string) string {
	best, bestDistance, bestPrefix := "", 3, 0
	for _, k := range known {
		d, prefix := editDistance(name, k), commonPrefix(name, k)
		if d < len(k) && (d < bestDistance || d == bestDistance && best != "" && prefix > bestPrefix) {
			best, bestDistance, bestPrefix = k, d, prefix
		}
	}
	return best
}

func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// editDistance counts the single-byte insertions, deletions and replacements
// that turn a into b (Levenshtein).
func editDistance(a, b string) int {
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
