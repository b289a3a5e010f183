package bench

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errClosed = errors.New("closed")

// memoryPair is a pair without sockets. fate says how many copies arrive of
// what each call of send, counted from 0, sends.
func memoryPair(mayLose bool, fate func(call int) (copies int)) *pair {
	way, closed := make(chan []byte, 1000), make(chan struct{})
	calls := 0
	return &pair{
		mayLose: mayLose,
		send: func(msg []byte) error {
			for range fate(calls) {
				way <- slices.Clone(msg)
			}
			calls++
			return nil
		},
		receive: func() ([]byte, error) {
			select {
			case msg := <-way:
				return msg, nil
			case <-closed:
				return nil, errClosed
			}
		},
		close: sync.OnceFunc(func() { close(closed) }),
	}
}

// losing is the fate that loses the calls from first up to, not including, end.
func losing(first, end int) func(call int) int {
	return func(call int) int {
		if first <= call && call < end {
			return 0
		}
		return 1
	}
}

// The time of a run is the result, so it is exact here: virtual time passes
// only while everything waits.
func TestRunEndsWhenTheFateOfEveryMessageIsKnown(t *testing.T) {
	const count = 3 * window
	for _, c := range []struct {
		what      string
		mayLose   bool
		lost, end int
		received  uint64
		took      time.Duration
	}{
		{"a pair that does not lose", false, 0, 0, count, 0},
		{"nothing lost", true, 0, 0, count, 0},
		{"one in the middle lost", true, 100, 101, count - 1, 0},
		{"the last lost, which the first marker tells", true, count - 1, count, count - 1, 0},
		{"the last and two markers lost", true, count - 1, count + 2, count - 1, 2 * markerPause},
		{"a whole window lost", true, window, 2 * window, count - window, roomPause},
		{"all lost: two windows are waited for, then comes the marker", true, 0, count, 0, 2 * roomPause},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := &delivery{pair: memoryPair(c.mayLose, losing(c.lost, c.end)), size: 16, count: count}
			start := time.Now()
			if err := d.run(); err != nil {
				t.Fatalf("%s: %v", c.what, err)
			}
			if got := d.received.Load(); got != c.received {
				t.Errorf("%s: %d received, want %d", c.what, got, c.received)
			}
			if took := time.Since(start); took != c.took {
				t.Errorf("%s: took %v, want %v", c.what, took, c.took)
			}
		})
	}
}

func TestSenderKeepsAtMostAWindowOnTheWay(t *testing.T) {
	const count = 5 * window
	synctest.Test(t, func(t *testing.T) {
		p := memoryPair(true, losing(0, 0))
		send, receive := p.send, p.receive
		sent, received, most := 0, 0, 0
		p.send = func(msg []byte) error {
			sent = min(sent+1, count) // end markers are no messages
			return send(msg)
		}
		p.receive = func() ([]byte, error) {
			synctest.Wait() // the sender goes as far as it may
			most = max(most, sent-received)
			received++
			return receive()
		}
		d := &delivery{pair: p, size: 16, count: count}
		if err := d.run(); err != nil {
			t.Fatal(err)
		}
		if most != window {
			t.Errorf("up to %d messages on the way, want %d", most, window)
		}
	})
}

// A mode that promises all messages in order and breaks the promise has no
// speed: the run must fail, and must not wait forever to do so.
func TestRunFails(t *testing.T) {
	doubling := func(int) int { return 2 }
	resized := func() *pair {
		p := memoryPair(false, losing(0, 0))
		receive := p.receive
		p.receive = func() ([]byte, error) {
			msg, err := receive()
			return append(msg, 0), err
		}
		return p
	}
	refusing := func() *pair {
		p := memoryPair(false, losing(0, 0))
		p.send = func([]byte) error { return errors.New("no") }
		return p
	}
	for _, c := range []struct {
		what string
		pair func() *pair
		says string
		took time.Duration
	}{
		{"a message lost", func() *pair { return memoryPair(false, losing(2, 3)) }, "receive: message 3 arrived, want 2", 0},
		{"a message twice", func() *pair { return memoryPair(true, doubling) }, "receive: message 0 arrived, want 1", 0},
		{"another length", resized, "receive: message of 17 bytes, want 16", 0},
		{"a send refused", refusing, "send: no", 0},
		{"silence", func() *pair { return memoryPair(false, losing(4, 10)) }, "nothing arrived for 10s, after 4 of 10", 2 * silence},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := &delivery{pair: c.pair(), size: 16, count: 10}
			start := time.Now()
			err := d.run()
			if !strings.HasPrefix(fmt.Sprint(err), c.says) {
				t.Errorf("%s: %v, want %s", c.what, err, c.says)
			}
			if took := time.Since(start); took != c.took {
				t.Errorf("%s: took %v, want %v", c.what, took, c.took)
			}
		})
	}
}
