package reliable

import (
	"context"
	"os"
	"sync"
	"time"
)

// waiters are the calls that wait for one condition of a connection or a
// listener. Nothing exists while nobody waits.
type waiters struct{ list []chan struct{} }

// wake makes every waiting call look at its condition again.
func (w *waiters) wake() {
	for _, ch := range w.list {
		select {
		case ch <- struct{}{}:
		default: // it is on its way already
		}
	}
}

func (w *waiters) remove(ch chan struct{}) {
	for i := range w.list {
		if w.list[i] == ch {
			w.list = append(w.list[:i], w.list[i+1:]...)
			return
		}
	}
}

// wait blocks until ready, or until ctx or the deadline ends the wait. It is
// called with mu held and returns with mu held; ready is called with mu held.
// A result that is ready wins over a context or deadline that is dead.
// deadline may be changed under mu while waiting, followed by wake; nil and
// zero mean none.
func (w *waiters) wait(ctx context.Context, mu *sync.Mutex, deadline *time.Time, ready func() bool) error {
	if ready() {
		return nil
	}
	ch := make(chan struct{}, 1)
	w.list = append(w.list, ch)
	defer w.remove(ch)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		expired, stop, past := timeUntil(deadline)
		if past {
			return os.ErrDeadlineExceeded
		}
		mu.Unlock()
		select {
		case <-ch:
		case <-ctx.Done():
		case <-expired:
		}
		stop()
		mu.Lock()
		if ready() {
			return nil
		}
	}
}

// timeUntil returns a channel that gives a value at the deadline.
func timeUntil(deadline *time.Time) (expired <-chan time.Time, stop func(), past bool) {
	if deadline == nil || deadline.IsZero() {
		return nil, func() {}, false
	}
	left := time.Until(*deadline)
	if left <= 0 {
		return nil, func() {}, true
	}
	t := time.NewTimer(left)
	return t.C, func() { t.Stop() }, false
}
