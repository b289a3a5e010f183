package reliable

import (
	"context"
	"os"
	"slices"
	"sync"
	"time"
)

// waiters are the calls that wait for one condition of a connection or a
// listener. Nothing exists before the first one waits; what it needed is kept
// for the next, which then allocates nothing. It is not shared with the waiters
// of anything else: a connection in a bubble of testing/synctest must not wait on
// a channel made outside.
type waiters struct {
	list []*waiter
	free []*waiter
}

// waiter is what a call waits on.
type waiter struct {
	woken chan struct{} // has room for one value
	alarm *time.Timer   // nil until a call waits with a deadline
}

// freeWaiters bounds what is kept: hardly ever do more calls wait for the same.
const freeWaiters = 4

// wake makes every waiting call look at its condition again.
func (w *waiters) wake() {
	for _, one := range w.list {
		select {
		case one.woken <- struct{}{}:
		default: // it is on its way already
		}
	}
}

// add begins a wait.
func (w *waiters) add() *waiter {
	var one *waiter
	if last := len(w.free) - 1; last >= 0 {
		one = w.free[last]
		w.free = w.free[:last]
	} else {
		one = &waiter{woken: make(chan struct{}, 1)}
	}
	w.list = append(w.list, one)
	return one
}

// remove ends a wait. Whoever wakes holds the lock that is held here, so the
// waiter can be used again.
func (w *waiters) remove(one *waiter) {
	i := slices.Index(w.list, one)
	w.list = slices.Delete(w.list, i, i+1)
	if len(w.free) == freeWaiters {
		return
	}
	select {
	case <-one.woken: // too late to matter
	default:
	}
	w.free = append(w.free, one)
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
	one := w.add()
	defer w.remove(one)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		expired, past := one.until(deadline)
		if past {
			return os.ErrDeadlineExceeded
		}
		mu.Unlock()
		select {
		case <-one.woken:
		case <-ctx.Done():
		case <-expired:
		}
		if expired != nil {
			one.alarm.Stop() // and nothing is left in its channel
		}
		mu.Lock()
		if ready() {
			return nil
		}
	}
}

// until returns a channel that gives a value at the deadline, nil if there is
// none, and whether the deadline has passed.
func (one *waiter) until(deadline *time.Time) (expired <-chan time.Time, past bool) {
	if deadline == nil || deadline.IsZero() {
		return nil, false
	}
	left := time.Until(*deadline)
	if left <= 0 {
		return nil, true
	}
	if one.alarm == nil {
		one.alarm = time.NewTimer(left)
	} else {
		one.alarm.Reset(left)
	}
	return one.alarm.C, false
}
