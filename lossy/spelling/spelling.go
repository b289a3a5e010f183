// Package spelling finds the word that somebody may have meant: of flags, of the
// keys of files, of networks by name. It knows bytes, not languages.
package spelling

// Nearest returns the known word that takes the fewest changes (see Distance) to
// become name, of several the first of those that begin like it for longest; or ""
// if it takes more than two, or would change all of it.
func Nearest(name string, known []string) string {
	best, bestDistance, bestPrefix := "", 3, 0
	for _, k := range known {
		if len(name) > len(k)+2 {
			continue // however long a word is, it costs no more than a short one
		}
		d, prefix := Distance(name, k), commonPrefix(name, k)
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

// Distance counts the single bytes that must be inserted, deleted, replaced or
// exchanged with their neighbour to turn a into b, none of them twice (optimal
// string alignment, after Damerau). It takes time and memory in proportion to
// len(a)*len(b), so callers bound what others write.
func Distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			if i == 0 || j == 0 {
				rows[i][j] = i + j
				continue
			}
			replace := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			least := min(replace, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				least = min(least, rows[i-2][j-2]+1)
			}
			rows[i][j] = least
		}
	}
	return rows[len(a)][len(b)]
}
