package sim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"udplab/reliable/arq"
	"udplab/reliable/congestion"
)

// nodeOptions is what a script can say of a node, and what a swarm draws for
// one. The zero value is a node that only dials, with every default.
type nodeOptions struct {
	listen, rendezvous, manual bool
	hold                       uint8 // channel that is not read by itself; 0: none
	idle, keepAlive            time.Duration
	window, sendBuffer         int
	first                      uint32 // first packet and message number
	cwnd                       int    // packets in flight without congestion control; 0: with
	packet                     int    // largest packet, found by probes; 0: 1200, not probed
	ecn                        bool   // packets are marked as ECN-capable
	plain                      bool   // no redundancy
	seed                       uint64 // of ids and secret; 0: ids that tell whose they are
}

// parseNodeOptions reads what String writes.
func parseNodeOptions(words []string) (nodeOptions, error) {
	var o nodeOptions
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		var err error
		switch name {
		case "listen":
			o.listen = true
		case "rendezvous":
			o.listen, o.rendezvous = true, true
		case "manual":
			o.manual = true
		case "ecn":
			o.ecn = true
		case "hold":
			o.hold, err = channelOption(word)
		case "redundancy":
			if o.plain = value == "off"; !o.plain {
				err = fmt.Errorf("redundancy is off or not named, not %q", value)
			}
		case "packet":
			err = option(word, nil, &o.packet)
		case "idle":
			o.idle, err = time.ParseDuration(value)
		case "keepalive":
			o.keepAlive, err = time.ParseDuration(value)
		case "window":
			err = option(word, nil, &o.window)
		case "sendbuffer":
			err = option(word, nil, &o.sendBuffer)
		case "first":
			var first int
			err = option(word, nil, &first)
			o.first = uint32(first)
		case "cwnd":
			err = option(word, nil, &o.cwnd)
		case "seed":
			_, err = fmt.Sscanf(value, "%d", &o.seed)
		default:
			err = fmt.Errorf("unknown option %q", word)
		}
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

func (o nodeOptions) String() string {
	var b strings.Builder
	add := func(set bool, format string, args ...any) {
		if set {
			fmt.Fprintf(&b, " "+format, args...)
		}
	}
	add(o.listen && !o.rendezvous, "listen")
	add(o.rendezvous, "rendezvous")
	add(o.manual, "manual")
	add(o.ecn, "ecn")
	add(o.hold != 0, "hold=%d", o.hold)
	add(o.plain, "redundancy=off")
	add(o.packet != 0, "packet=%d", o.packet)
	add(o.idle != 0, "idle=%v", o.idle)
	add(o.keepAlive != 0, "keepalive=%v", o.keepAlive)
	add(o.window != 0, "window=%d", o.window)
	add(o.sendBuffer != 0, "sendbuffer=%d", o.sendBuffer)
	add(o.first != 0, "first=%d", o.first)
	add(o.cwnd != 0, "cwnd=%d", o.cwnd)
	add(o.seed != 0, "seed=%d", o.seed)
	return b.String()
}

// addNode adds a node with these options.
func (w *World) addNode(name string, o nodeOptions) *Node {
	c := arq.EndpointConfig{
		Listen: o.listen, Rendezvous: o.rendezvous,
		Conn: arq.Config{
			IdleTimeout: o.idle, KeepAlive: o.keepAlive, ReceiveWindow: o.window, SendBuffer: o.sendBuffer,
			FirstNumber: o.first, MaxPacket: o.packet, ECN: o.ecn,
		},
	}
	if o.plain {
		c.Conn.Redundancy = arq.RedundancyOff
	}
	if o.cwnd > 0 {
		c.Conn.Congestion = func(cc congestion.Config) congestion.Controller {
			return congestion.NewFixed(cc, o.cwnd*cc.MaxPacket)
		}
	}
	if o.seed != 0 {
		random := rand.New(rand.NewPCG(o.seed, uint64(len(w.nodes))))
		c.Random = random.Uint64
		for i := range c.Secret {
			c.Secret[i] = byte(random.Uint32())
		}
	} else {
		id := uint64(len(w.nodes)+0xa) << 4 // a1, a2, ... b1, b2, ...
		c.Random = func() uint64 { id++; return id }
	}
	n := w.AddNode(name, c)
	n.ManualRead, n.hold = o.manual, o.hold
	n.options = o
	return n
}
