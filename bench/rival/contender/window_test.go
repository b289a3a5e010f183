package contender

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// opened is a window of a listener with 100 bytes.
func opened() *window { return newWindows(100).open(netip.AddrPort{}, 0) }

func TestASenderWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := opened()
		if err := w.take(100); err != nil {
			t.Fatal(err)
		}
		start, taken := time.Now(), make(chan error)
		go func() { taken <- w.take(40) }()
		time.Sleep(time.Millisecond)
		w.give(89) // 51 would be on the way: more than half
		synctest.Wait()
		select {
		case <-taken:
			t.Fatal("the sender was woken for less than half of the window")
		default:
		}
		w.give(1)
		if err := <-taken; err != nil || time.Since(start) != time.Millisecond {
			t.Errorf("%v after %v, want at once", err, time.Since(start))
		}
	})
}

// What nobody counts was lost: the sender goes on with an empty window.
func TestWhatIsLostIsWrittenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := opened()
		if err := w.take(100); err != nil {
			t.Fatal(err)
		}
		w.give(10)
		start := time.Now()
		if err := w.take(60); err != nil || time.Since(start) != lostAfter {
			t.Errorf("%v after %v, want after %v", err, time.Since(start), lostAfter)
		}
		if err := w.take(100); err != nil || time.Since(start) != lostAfter {
			t.Errorf("%v after %v: the window is not empty", err, time.Since(start))
		}
	})
}

func TestAClosedWindowEndsTheSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := opened()
		taken := make(chan error)
		go func() { taken <- w.take(101) }()
		synctest.Wait()
		w.close()
		w.close()
		if err := <-taken; !errors.Is(err, net.ErrClosed) {
			t.Errorf("error %v", err)
		}
	})
}

// A small receive buffer makes a small window; one that is not known does not.
func TestWindowsFitTheBuffer(t *testing.T) {
	ws := newWindows(100)
	for buffer, want := range map[int]int64{0: 100, 80: 40, 1000: 100} {
		if w := ws.open(netip.AddrPort{}, buffer); w.size != want {
			t.Errorf("a buffer of %d: window %d, want %d", buffer, w.size, want)
		}
	}
}
