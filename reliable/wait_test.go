package reliable

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A call that waits costs no allocation once one has waited before, with a
// deadline or without.
func TestWaitingCostsNoAllocations(t *testing.T) {
	for name, deadline := range map[string]time.Time{"without a deadline": {}, "with one": time.Now().Add(time.Hour)} {
		t.Run(name, func(t *testing.T) {
			var w waiters
			var mu sync.Mutex
			open := false
			begun := make(chan struct{}, 1)
			defer close(begun)
			go func() {
				for range begun {
					mu.Lock() // the call waits
					open = true
					w.wake()
					mu.Unlock()
				}
			}()
			ready := func() bool {
				if !open && len(w.list) == 0 {
					begun <- struct{}{}
				}
				return open
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			allocations := testing.AllocsPerRun(100, func() {
				mu.Lock()
				defer mu.Unlock()
				open = false
				if err := w.wait(ctx, &mu, &deadline, ready); err != nil {
					t.Error(err)
				}
			})
			if allocations != 0 {
				t.Errorf("%v allocations a wait", allocations)
			}
		})
	}
}

// What a call leaves behind is as good as new: neither a wake-up that came too
// late nor a deadline that was not reached ends the next wait.
func TestWaiterIsUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w waiters
		var mu sync.Mutex
		mu.Lock()
		defer mu.Unlock()
		looks := 0
		never := func() bool { looks++; return false }
		soon := time.Now().Add(time.Second)
		if err := w.wait(t.Context(), &mu, &soon, never); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		w.list = append(w.list, w.free[0])
		w.free = w.free[:0]
		w.wake()
		w.remove(w.list[0])
		looks = 0
		later := time.Now().Add(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		began := time.Now()
		if err := w.wait(ctx, &mu, &later, never); !errors.Is(err, context.DeadlineExceeded) || looks != 2 {
			t.Errorf("%v after %d looks, want one before the wait and one after", err, looks)
		}
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("the wait took %v", took)
		}
	})
}
