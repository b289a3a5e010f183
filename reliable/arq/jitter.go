package arq

import (
	"time"

	"udplab/proto"
)

// jitter is the variation of the one-way delay of this side's packets (RFC 3550
// section 6.4.1), from the times of arrival that the peer reports. The clocks
// need not agree: only differences of their difference count.
type jitter struct {
	transit  time.Duration // arrival by the peer's clock less departure by ours
	any      bool
	smoothed float64 // nanoseconds; RFC 3550: J = J + (|D| - J)/16
}

func (j *jitter) sample(sentAt, receivedAt time.Duration) {
	transit := receivedAt - sentAt
	if j.any {
		j.smoothed += (float64((transit - j.transit).Abs()) - j.smoothed) / 16
	}
	j.transit, j.any = transit, true
}

// handleReceivedAt takes in when a packet arrived. It is sent along with the
// ack of the packet and before it, while the packet is still remembered.
func (c *Conn) handleReceivedAt(r *proto.ReceivedAt) {
	n := c.expand(r.Number, c.nextNumber)
	if !c.sent.packets.has(n) {
		return
	}
	if p := c.sent.packets.at(n); p.outstanding() {
		c.jitter.sample(p.at, r.At)
	}
}
