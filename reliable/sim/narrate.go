package sim

import (
	"fmt"
	"io"
	"strings"

	"udplab/proto"
	"udplab/reliable/arq"
)

// Narrate returns an observer for World.Observe that writes one line for
// everything that happens:
//
//	20ms     b <- a  hello
//	20ms     b -> a  retry dest a1 token 16B
//
// Datagrams are described in full when they are sent and by their name when
// they arrive.
func Narrate(out io.Writer) func(Observation) {
	return func(o Observation) {
		line := ""
		switch o.Kind {
		case Sent:
			line = fmt.Sprintf("%s -> %s  %s%s", o.here(), o.there(), proto.Describe(o.Datagram), fateNote(o.Fate))
		case Received:
			line = fmt.Sprintf("%s <- %s  %s", o.here(), o.there(), nameOf(o.Datagram))
		case Astray:
			line = fmt.Sprintf("%s <- %s  %s: nobody is there", o.here(), o.there(), nameOf(o.Datagram))
		case Rejected:
			line = fmt.Sprintf("%s <- %s  %s: ignored", o.here(), o.there(), proto.Describe(o.Datagram))
		case Rebound:
			line = fmt.Sprintf("%s has the address %v", o.Node.name, o.Addr)
		case Moved:
			line = fmt.Sprintf("%s knows %s at %v", o.Node.name, o.Peer.name, o.PeerAddr)
		case Changed:
			line = fmt.Sprintf("%s is %v%s", o.Node.name, o.End.Conn.State(), because(o.End))
		case Delivered:
			line = fmt.Sprintf("%s delivers %s, %dB", o.Node.name, o.message(), len(o.Datagram))
			if o.Skipped > 0 {
				line += fmt.Sprintf(", %d skipped", o.Skipped)
			}
		case Settled:
			line = fmt.Sprintf("%s is told: %s %v", o.Node.name, o.message(), o.Receipt)
		case Restarted:
			line = o.Node.name + " starts again and knows nothing"
		default:
			panic("BUG: observation")
		}
		fmt.Fprintf(out, "%-12v %s\n", o.At, line)
	}
}

// message names the message of an observation.
func (o *Observation) message() string {
	if o.Channel == 0 && o.Mode == proto.ModeOrdered {
		return fmt.Sprintf("message %d", o.Number)
	}
	return fmt.Sprintf("message %d of channel %d %v", o.Number, o.Channel, o.Mode)
}

// here and there name the two ends of a datagram's way.
func (o *Observation) here() string  { return o.Node.world.label(o.Node, o.Addr) }
func (o *Observation) there() string { return o.Node.world.label(o.Peer, o.PeerAddr) }

func fateNote(f Fate) string {
	switch f.Kind {
	case Drop:
		return "  (lost)"
	case Duplicate:
		return "  (twice)"
	case Delay:
		return fmt.Sprintf("  (%v late)", f.By)
	case Corrupt:
		return "  (damaged)"
	case TooLarge:
		return "  (too large)"
	case Deliver:
		return ""
	default:
		panic("BUG: fate")
	}
}

// nameOf is what tells a datagram from others: its type, and its number if it
// has one.
func nameOf(datagram []byte) string {
	name, rest, _ := strings.Cut(proto.Describe(datagram), " ")
	if name != proto.TypeData.String() {
		return name
	}
	number, _, _ := strings.Cut(rest, " ")
	return name + " " + number
}

// because says why a connection is where it is.
func because(e *End) string {
	if err := e.Conn.Err(); err != nil && e.Conn.State() >= arq.Lingering {
		return ": " + err.Error()
	}
	return ""
}
