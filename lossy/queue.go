package lossy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Defaults and limits of a queue.
const (
	DefaultQueue      = 100 * time.Millisecond // when Rate is set and nothing says how long the queue is
	DefaultTraceQueue = 1000                   // datagrams, when LinkTrace is set and nothing says so: what a Linux interface has

	MaxQueuePackets = 1 << 20 // most datagrams a queue may be asked to hold, and that any queue does hold
	MaxQueueBytes   = 1 << 30
)

// limit is how long a queue may become: in time, in datagrams or in bytes, of
// which one is set. What is being sent does not count, and a datagram that
// need not wait is let in whatever its size.
type limit struct {
	time           time.Duration
	packets, bytes int
}

func (p *Profile) limit() limit {
	switch {
	case p.QueuePackets > 0 || p.QueueBytes > 0 || p.Queue > 0:
		return limit{p.Queue, p.QueuePackets, p.QueueBytes}
	case p.LinkTrace != nil:
		return limit{packets: DefaultTraceQueue}
	}
	return limit{time: DefaultQueue}
}

// String is what SetQueue reads.
func (m limit) String() string {
	switch {
	case m.packets > 0:
		return formatPackets(m.packets)
	case m.bytes > 0:
		return formatSize(m.bytes)
	}
	return m.time.String()
}

func (p *Profile) validateQueue() error {
	if p.QueuePackets < 0 || p.QueuePackets > MaxQueuePackets {
		return fmt.Errorf("queue %d packets: must be between 1 and %d", p.QueuePackets, MaxQueuePackets)
	}
	if p.QueueBytes < 0 || p.QueueBytes > MaxQueueBytes {
		return fmt.Errorf("queue %d bytes: must be between 1 and %d", p.QueueBytes, MaxQueueBytes)
	}
	set := 0
	for _, is := range []bool{p.Queue > 0, p.QueuePackets > 0, p.QueueBytes > 0} {
		if is {
			set++
		}
	}
	if set > 1 {
		return fmt.Errorf("queue %v, %s and %s: a queue has one limit, in time, packets or bytes",
			p.Queue, formatPackets(p.QueuePackets), formatSize(p.QueueBytes))
	}
	return nil
}

// SetQueue sets the limit of the queue as people write it, in time ("100ms"),
// datagrams ("50packets") or bytes ("64KiB"); "0" is the default.
func (p *Profile) SetQueue(s string) error {
	var m limit
	text := strings.TrimSpace(s)
	var err error
	if number, found := cutPackets(text); found {
		m.packets, err = parseQueueLength(s, number)
	} else if strings.HasSuffix(text, "B") {
		m.bytes, err = ParseSize(text)
	} else {
		m.time, err = ParseDuration(text)
	}
	if err != nil {
		return fmt.Errorf("%w, or a queue in packets or bytes like 50packets or 64KiB", err)
	}
	p.Queue, p.QueuePackets, p.QueueBytes = m.time, m.packets, m.bytes
	return nil
}

// FormatQueue writes the limit of the queue as SetQueue reads it, "0s" for the
// default.
func (p *Profile) FormatQueue() string {
	return limit{p.Queue, p.QueuePackets, p.QueueBytes}.String()
}

// cutPackets cuts the unit off a number of datagrams.
func cutPackets(s string) (number string, found bool) {
	for _, unit := range []string{"packets", "packet", "p"} {
		if number, found = strings.CutSuffix(s, unit); found {
			break
		}
	}
	return strings.TrimSpace(number), found
}

func parseQueueLength(s, number string) (int, error) {
	n, err := parseInt(number)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not a number of packets", s)
	}
	return n, nil
}

func formatPackets(n int) string {
	if n == 1 {
		return "1packet"
	}
	return strconv.Itoa(n) + "packets"
}
