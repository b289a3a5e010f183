package proxy

import (
	"context"
	"time"
)

// drainLook is how often Drain looks whether all has left.
const drainLook = time.Millisecond

// Drain lets nothing in any more and waits until all that is in flight has left,
// or the context is done, whose error it then returns. What comes meanwhile, from
// either side, is dropped as CauseFlowClosed. There is no way back: Close follows.
// Scenarios that are being played end.
func (p *Proxy) Drain(ctx context.Context) error {
	p.draining.Store(true)
	p.plays.close()
	look := time.NewTicker(drainLook)
	defer look.Stop()
	for p.table.busy() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-look.C:
		}
	}
	return nil
}

// busy says whether any flow holds a datagram or is about to take one in.
func (t *table) busy() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.flows {
		if f.busy() {
			return true
		}
	}
	return false
}
