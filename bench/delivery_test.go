package bench

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// window is how many messages of a pair that may lose are on the way at
	// most. Half the datagrams of 1 KiB that the smallest usual receive buffer
	// of Linux holds (212,992 bytes granted, 2,304 charged for each, and the
	// kernel counts the grant double): what is lost is lost by the proxy.
	window = 96
	// markerPause is the time between two end markers.
	markerPause = 2 * time.Millisecond
	// roomPause is how long a full window waits for an arrival before it takes
	// all that is in it for lost.
	roomPause = 20 * time.Millisecond
	// silence is how long nothing may arrive before the run is given up.
	silence = 10 * time.Second
)

// delivery moves messages from one end of a pair to the other, as fast as they
// go or as pace says, and counts those that arrive.
//
// Every message starts with its number. Of a pair that does not lose, any but
// the next number is an error. One that may lose keeps at most window messages
// on the way, by what the receiver says in memory, and ends at the first number
// after the last: an end marker, sent until one arrives.
type delivery struct {
	pair  *pair
	size  int
	count uint64
	// pace is called before each message is sent, and may write to it behind
	// the number; nil for as fast as they go.
	pace func(number uint64, msg []byte)
	// arrived is called for each message that arrives; may be nil.
	arrived func(msg []byte)

	received atomic.Uint64 // messages that arrived
	reached  atomic.Uint64 // number after the highest that arrived
	sent     traffic       // what it took, end markers left out
	room     chan struct{}
	done     chan struct{}

	failing sync.Once
	err     error
}

const numberBytes = 8

// run returns once the last message has arrived or is known to be lost. The
// pair is closed if it fails.
func (d *delivery) run() error {
	d.room, d.done = make(chan struct{}, 1), make(chan struct{})
	before := d.pair.trafficNow()
	stop := d.watch()
	go asEnd(receivingEnd, func() {
		defer close(d.done)
		if err := d.receiveAll(); err != nil {
			d.fail(fmt.Errorf("receive: %w", err))
		}
	})
	var err error
	asEnd(sendingEnd, func() { err = d.sendAll() })
	if err == nil && d.pair.mayLose {
		d.sent = d.pair.trafficNow().since(before)
		err = d.sendMarkers()
	}
	if err != nil {
		d.fail(fmt.Errorf("send: %w", err))
	}
	<-d.done
	if !d.pair.mayLose {
		d.sent = d.pair.trafficNow().since(before)
	}
	stop()
	return d.err
}

// fail keeps the first error and makes both ends return.
func (d *delivery) fail(err error) {
	d.failing.Do(func() {
		d.err = err
		d.pair.close()
	})
}

// watch fails the delivery when nothing arrives any more.
func (d *delivery) watch() (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(silence)
		defer tick.Stop()
		for before := uint64(0); ; {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			now := d.received.Load()
			if now == before {
				d.fail(fmt.Errorf("nothing arrived for %v, after %d of %d messages", silence, now, d.count))
				return
			}
			before = now
		}
	}()
	return func() { close(quit); <-ended }
}

func (d *delivery) sendAll() error {
	msg := make([]byte, d.size)
	written := uint64(0) // everything below is taken for lost
	for number := range d.count {
		if d.pair.mayLose {
			written = d.awaitRoom(number, written)
		}
		if d.pace != nil {
			d.pace(number, msg)
		}
		binary.BigEndian.PutUint64(msg, number)
		if err := d.pair.send(msg); err != nil {
			return err
		}
	}
	return nil
}

// awaitRoom waits until fewer than window messages are on the way.
func (d *delivery) awaitRoom(number, written uint64) uint64 {
	for number-max(d.reached.Load(), written) >= window {
		timeout := time.NewTimer(roomPause)
		select {
		case <-d.room:
		case <-d.done:
			timeout.Stop()
			return number
		case <-timeout.C:
			written = number
		}
		timeout.Stop()
	}
	return written
}

func (d *delivery) sendMarkers() error {
	msg := make([]byte, d.size)
	tick := time.NewTicker(markerPause)
	defer tick.Stop()
	for number := d.count; ; number++ {
		binary.BigEndian.PutUint64(msg, number)
		if err := d.pair.send(msg); err != nil {
			select {
			case <-d.done: // no matter then
				return nil
			default:
				return err
			}
		}
		select {
		case <-d.done:
			return nil
		case <-tick.C:
		}
	}
}

func (d *delivery) receiveAll() error {
	const quarter = window / 4 // wake the sender for no less
	for next := uint64(0); next < d.count; {
		msg, err := d.pair.receive()
		if err != nil {
			return err
		}
		if len(msg) != d.size {
			return fmt.Errorf("message of %d bytes, want %d", len(msg), d.size)
		}
		number := binary.BigEndian.Uint64(msg)
		if number < next || number > next && !d.pair.mayLose {
			return fmt.Errorf("message %d arrived, want %d", number, next)
		}
		if number >= d.count {
			return nil
		}
		if d.arrived != nil {
			d.arrived(msg)
		}
		d.received.Add(1)
		d.reached.Store(number + 1)
		if (number+1)/quarter != next/quarter {
			select {
			case d.room <- struct{}{}:
			default:
			}
		}
		next = number + 1
	}
	return nil
}
