package table

import (
	"encoding/binary"
	"fmt"
	"time"

	"udplab/reliable/arq"
	"udplab/reliable/sim"
)

// sideChannel is the channel of what is not bulk and not what the simulator's
// oracle watches.
const sideChannel = 1

// numbered sends messages on a channel of a simulated connection, past the
// simulator's oracle, and times them. Each carries its number.
type numbered struct {
	stage   *stage
	sender  *sim.End
	options arq.SendOptions
	size    int                 // bytes of each message
	took    func(time.Duration) // told how long each took from Send to Receive

	sentAt  []time.Duration // by number
	arrived int
	next    int // the least number that may come
	err     error
}

// listen has what arrives taken at once.
func (n *numbered) listen() { n.stage.look = n.receive }

func (n *numbered) fail(format string, args ...any) {
	if n.err == nil {
		n.err = fmt.Errorf(format, args...)
	}
}

// sendAt has a message sent at each of the times from now on.
func (n *numbered) sendAt(due []time.Duration) {
	start := n.stage.world.Now()
	for _, at := range due {
		n.stage.world.At(start+at, n.send)
	}
}

func (n *numbered) send() {
	msg := make([]byte, n.size)
	binary.BigEndian.PutUint32(msg, uint32(len(n.sentAt)))
	n.sentAt = append(n.sentAt, n.stage.world.Now())
	if _, err := n.sender.SendOn(n.options, msg); err != nil {
		n.fail("sender: %w", err)
	}
}

// receive takes what has arrived: in order, nothing twice.
func (n *numbered) receive() {
	e := n.stage.peer(n.sender)
	if e == nil {
		return
	}
	for e.Conn.ReadableOn(n.options.Channel) {
		d, _ := e.ReceiveOn(n.options.Channel)
		number := int(binary.BigEndian.Uint32(d.Data))
		if number < n.next || number >= len(n.sentAt) || len(d.Data) != n.size {
			n.fail("message %d of %d bytes came when %d was next of %d sent", number, len(d.Data), n.next, len(n.sentAt))
			return
		}
		n.took(n.stage.world.Now() - n.sentAt[number])
		n.next = number + 1
		n.arrived++
	}
}
