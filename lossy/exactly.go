package lossy

import "fmt"

// ExactlyOf loses exactly K of each Of packets: of those of index 0 to Of-1, of
// the next Of, and so on. Every choice of K is equally likely, and what becomes
// of one block tells nothing about the next.
type ExactlyOf struct {
	K, Of int // 0 <= K <= Of <= MaxExactly, Of > 0
}

// MaxExactly is the largest block of ExactlyOf, in packets.
const MaxExactly = 1 << 20

func parseExactlyOf(t *terms) LossModel {
	return ExactlyOf{K: require(t, "k", parseInt), Of: require(t, "of", parseInt)}
}

// String is the model as ParseLossModel reads it.
func (e ExactlyOf) String() string { return fmt.Sprintf("exactly:k=%d,of=%d", e.K, e.Of) }

func (e ExactlyOf) validate() error {
	if e.K < 0 || e.Of < 1 || e.Of > MaxExactly || e.K > e.Of {
		return fmt.Errorf("%d of %d: must be 0 to of, of 1 to %d packets", e.K, e.Of, MaxExactly)
	}
	return nil
}

func (e ExactlyOf) start(of streams, _ lossProcess) lossProcess {
	return &exactly{draws: of(drawExactly), lose: uint64(e.K), of: uint64(e.Of)}
}

// exactly picks by selection sampling (Knuth, The Art of Computer Programming,
// volume 2, 3.4.2, algorithm S): with so many packets of the block left, of which
// so many are to be lost, the next is lost with the quotient's probability.
type exactly struct {
	draws    stream
	lose, of uint64
	next     uint64 // the packet for which
	owed     uint64 // so many of its block are still to be lost
	begun    bool
}

func (e *exactly) takes(index uint64) bool {
	at := index % e.of
	if !e.begun || index != e.next {
		// Switched on within a block: what the seed has for the packets before.
		e.begun, e.owed = true, e.lose
		for i := range at {
			e.owed -= e.draw(index-at+i, i)
		}
	} else if at == 0 {
		e.owed = e.lose
	}
	e.next = index + 1
	lost := e.draw(index, at)
	e.owed -= lost
	return lost == 1
}

// draw is 1 if the packet is lost, which has that place in its block.
func (e *exactly) draw(index, at uint64) uint64 {
	if e.draws.below(index, e.of-at) < e.owed {
		return 1
	}
	return 0
}

// Blocks vary less than independent losses do, so the interval is wider than
// need be.
func (e *exactly) odds() expectation { return chance(float64(e.lose) / float64(e.of)) }
