package lossy

// MaxLossBurstCap is the largest Profile.LossBurstCap.
const MaxLossBurstCap = 1000

// burstCap keeps the packet behind every `most` losses in a row, which its loss
// model would have lost too (as quic-network-simulator's drop-rate does). The
// model goes on as if the packet had been lost. It lowers the mean loss:
// independent losses of probability p, at most N in a row, lose
//
//	p(1-p^N) / (1-p^(N+1))
//
// in the long run. 30 % at most 3 in a row are 29.43 %.
type burstCap struct {
	losses    lossProcess
	most, row int
	kept      bool // the packet asked for last is one that only the cap kept
}

func (b *burstCap) takes(index uint64) bool {
	lost := b.losses.takes(index)
	b.kept = lost && b.row >= b.most
	if !lost || b.kept {
		b.row = 0
		return false
	}
	b.row++
	return true
}

// odds is that of the model, less what was seen to be kept: so it is exact from
// the first packet of a flow on, of which no row can have been cut yet, and varies
// as the model does.
func (b *burstCap) odds() expectation {
	e := b.losses.odds()
	if b.kept {
		e.probability--
	}
	return e
}
