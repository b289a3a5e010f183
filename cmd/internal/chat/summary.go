package chat

import (
	"fmt"
	"time"
)

// Lines is the summary for people, one fact a line.
func (c *Counters) Lines(mode Mode) []string {
	messages := fmt.Sprintf("messages: %d sent, %d received", c.LinesSent, c.LinesReceived)
	if mode == ReliableMode {
		messages = fmt.Sprintf("messages: %d sent, %d delivered, %d received", c.LinesSent, c.LinesDelivered, c.LinesReceived)
		if c.LinesWaiting > 0 {
			messages += fmt.Sprintf(", %d waiting", c.LinesWaiting)
		}
	}
	lines := []string{
		messages,
		fmt.Sprintf("datagrams: %d sent (%d bytes), %d received (%d bytes)",
			c.DatagramsSent, c.BytesSent, c.DatagramsReceived, c.BytesReceived),
	}
	if mode == ReliableMode {
		return append(lines,
			fmt.Sprintf("repaired: %d lost, %d retransmitted, %d out of order, %d duplicate, %d corrupt, %d malformed",
				c.Lost, c.Retransmits, c.OutOfOrder, c.Duplicate, c.Corrupt, c.Malformed),
			"round trip: "+orNone(c.RTT))
	}
	return append(lines,
		fmt.Sprintf("not repaired: %d lost, %d out of order, %d duplicate, %d corrupt, %d malformed",
			c.Lost, c.OutOfOrder, c.Duplicate, c.Corrupt, c.Malformed),
		"jitter: "+orNone(c.Jitter))
}

func orNone(d time.Duration) string {
	if d == 0 {
		return "not measured"
	}
	return fmt.Sprintf("%.2f ms", d.Seconds()*1e3)
}
