package proxy

import (
	"fmt"
	"time"

	"udplab/lossy"
)

// A LateError says that a proxy does not keep the times it decides on: the
// machine has too little to give, and what is measured through the proxy is in
// part the machine.
type LateError struct {
	Direction lossy.Direction
	P99       time.Duration // lateness that one datagram in a hundred exceeded, in the last 5 to 10 s
	Limit     time.Duration
	Count     uint64 // datagrams that left in that time; of fewer than a hundred P99 is the latest
}

// latenessEnough is how many datagrams a 99th percentile takes.
const latenessEnough = 100

// Error implements error.
func (e *LateError) Error() string {
	if e.Count < latenessEnough {
		return fmt.Sprintf("%v: one datagram of %d left %v late, the limit is %v", e.Direction, e.Count, e.P99, e.Limit)
	}
	return fmt.Sprintf("%v: one datagram in a hundred left more than %v late, the limit is %v", e.Direction, e.P99, e.Limit)
}

// Ready returns a *LateError if, of the datagrams that left in the last 5 to
// 10 s, either way, more than one in a hundred left later than Config.LateLimit
// allows: if they are fewer than a hundred, if one did. It returns a *LossError
// if the proxy or its machine lost any in that time, or since Ready was asked
// before, if that is longer ago.
func (p *Proxy) Ready() error {
	if err := p.late(); err != nil {
		return err
	}
	s := p.Stats()
	if loss := p.losses.recent(p.clock(), &s); loss != nil {
		e := &LossError{OwnLoss: *loss}
		if loss.Cause == CauseFlowError.String() {
			e.Err = p.FlowError()
		}
		return e
	}
	return nil
}

// late returns a *LateError if the proxy is.
func (p *Proxy) late() error {
	limit := p.cfg.lateLimit()
	if limit < 0 {
		return nil
	}
	now := p.clock()
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		l := p.lateness[d].recent(now)
		if p99 := l.Quantile(0.99); p99 > limit {
			return &LateError{d, p99, limit, l.Count}
		}
	}
	return nil
}
