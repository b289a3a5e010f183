package presets

import (
	"encoding/json"
	"fmt"
	"strings"

	"udplab/lossy"
)

// ipv4 is what a link counts beside the payload: IPv4 and UDP headers.
const ipv4 = 28

// leg is one direction as most sources have it. An empty field is not set.
type leg struct{ rate, delay, jitter, loss, queue string }

// link writes the settings of a path of two legs. The source's order, down
// before up, is the order of the arguments.
func link(overhead int, down, up leg) json.RawMessage {
	return path(overhead, "", down, up)
}

// path is link with more settings of both directions, as members of JSON.
func path(overhead int, more string, down, up leg) json.RawMessage {
	var common []string
	if overhead > 0 && down.rate != "" {
		common = append(common, fmt.Sprintf(`"overhead": %d`, overhead))
	}
	if more != "" {
		common = append(common, more)
	}
	if down == up {
		common = append(common, down.members()...)
	} else {
		common = append(common, `"up": {`+strings.Join(up.members(), ", ")+`}`, `"down": {`+strings.Join(down.members(), ", ")+`}`)
	}
	return json.RawMessage("{" + strings.Join(common, ", ") + "}")
}

func (l leg) members() []string {
	if l.queue == "" && l.rate != "" {
		l.queue = usualQueue(l.rate)
	}
	var members []string
	for _, m := range []struct{ name, value string }{
		{"rate", l.rate}, {"queue", l.queue}, {"delay", l.delay}, {"jitter", l.jitter}, {"loss", l.loss},
	} {
		if m.value != "" {
			members = append(members, fmt.Sprintf("%q: %q", m.name, m.value))
		}
	}
	return members
}

// Sources seldom say how long the queue is, and no link is without one. Up to
// slowLink it has dummynet's default of 50 slots, where a limit in time would
// be less than one packet, above it 200 ms.
const (
	slowLink  = 2e6
	slowQueue = "50packets"
	fastQueue = "200ms"

	queueNote = "Queue: the source does not say; 50 packets up to 2 Mbit/s, 200 ms above, drop-tail."
)

func usualQueue(rate string) string {
	bits, err := lossy.ParseRate(rate)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	if bits <= slowLink {
		return slowQueue
	}
	return fastQueue
}

// half is the delay of one way of a round trip.
func half(roundTrip string) string {
	d, err := lossy.ParseDuration(roundTrip)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return (d / 2).String()
}
