package lossy

import (
	"errors"
	"fmt"
)

// EveryNth loses one packet in N, always the same: those of index First,
// First+N, First+2N and so on, counted from 0. It draws nothing.
type EveryNth struct{ N, First uint64 }

// Without first=, the N-th packet is the first that is lost, of index N-1.
func parseEveryNth(t *terms) LossModel {
	n := require(t, "", parseIndex)
	return EveryNth{N: n, First: read(t, "first", max(n, 1)-1, parseIndex)}
}

// String is the model as ParseLossModel reads it.
func (e EveryNth) String() string {
	if e.First == e.N-1 {
		return fmt.Sprintf("every:%d", e.N)
	}
	return fmt.Sprintf("every:%d,first=%d", e.N, e.First)
}

func (e EveryNth) validate() error {
	if e.N == 0 {
		return errors.New("every 0th packet is none: must be 1 or more")
	}
	return nil
}

func (e EveryNth) start(streams, lossProcess) lossProcess { return &everyNth{EveryNth: e} }

type everyNth struct {
	EveryNth
	lost bool
}

func (e *everyNth) takes(index uint64) bool {
	e.lost = index >= e.First && (index-e.First)%e.N == 0
	return e.lost
}

func (e *everyNth) odds() expectation { return certain(e.lost) }
