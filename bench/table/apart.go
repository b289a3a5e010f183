package table

import (
	"fmt"
	"strings"
)

// apart explains a figure over sockets that differs from the simulator's by
// more than 5 %. What the simulator itself can tell comes first: that other
// seeds come out like this, or that a run as short does. What is left is the
// case's own reason, and how late the machine was.
func apart(c Case, f *Figure, late float64) string {
	if !differ(f.Simulator, *f.Sockets) {
		return ""
	}
	format := f.Measure.format
	if low, high := f.ends(); low <= *f.Sockets && *f.Sockets <= high {
		return fmt.Sprintf("one run is one draw: it lies between the simulator's seeds, %s and %s", format(low), format(high))
	}
	var reasons []string
	if f.Short != nil && differ(f.Simulator, *f.Short) {
		reasons = append(reasons, fmt.Sprintf("the run is shorter: the simulator gives %s for as long", format(*f.Short)))
		if !differ(*f.Short, *f.Sockets) {
			return reasons[0]
		}
	}
	reasons = append(reasons, c.apart)
	if late >= lateMatters {
		reasons = append(reasons, fmt.Sprintf("this machine was busy: 1 %% of the datagrams left the proxy more than %s ms late", Late.format(late)))
	}
	return strings.Join(reasons, "; ")
}

// lateMatters is the lateness of the proxy, in milliseconds, from which on it
// is part of the explanation: a fiftieth of the round trip of most cases.
const lateMatters = 1
