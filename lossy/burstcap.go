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
// and those of other models what chain.cappedMean says. 30 % at most 3 in a
// row are 29.43 %.
type burstCap struct {
	losses          lossProcess
	most, row       int
	mean, inflation float64
}

func (b *burstCap) set(losses lossProcess, c chain, most int) {
	b.losses, b.most = losses, most
	b.mean = c.cappedMean(most)
	_, b.inflation = losses.odds() // at least: rows that are cut vary less
}

func (b *burstCap) takes(index uint64) bool {
	if !b.losses.takes(index) || b.row >= b.most {
		b.row = 0
		return false
	}
	b.row++
	return true
}

func (b *burstCap) odds() (float64, float64) { return b.mean, b.inflation }
