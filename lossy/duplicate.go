package lossy

// duplicate sends a packet twice. The copy follows the original and shares
// its delay, damage and displacement.
type duplicate struct {
	draws       stream
	probability float64
}

func (d *duplicate) copies(index uint64) int {
	if d.draws.hits(index, d.probability) {
		return 2
	}
	return 1
}
