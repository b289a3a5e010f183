package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"udplab/proto"
	"udplab/reliable/arq"
)

// Record is a run as the explicit list of everything that was decided in it:
// what the nodes are, what happened to each datagram, and what was done when.
// It needs no seed to be run again, so that single decisions can be taken out
// (Shrink). Its commands are those of a Script.
type Record struct {
	Title string // where it comes from, for the reader

	nodes []recordedNode
	links []recordedLink
	fates []decision // what did not simply pass, by path and number
	steps []step     // in the order of time
	end   time.Duration
}

type recordedNode struct {
	name    string
	options nodeOptions
}

// recordedLink is both directions between two nodes.
type recordedLink struct {
	a, b  int // of nodes
	delay time.Duration
}

// decision is what happened to one datagram.
type decision struct {
	from, to int // of nodes
	number   int // among the datagrams from there to there
	fate     Fate
}

// verb is what an application or a fault does. Its name is the command.
type verb uint8

const (
	verbDial verb = iota
	verbSend
	verbLane
	verbRead
	verbFinish
	verbClose
	verbAbort
	verbPause
	verbResume
	verbRestart
	verbRebind
	verbHeal
	verbSettled
	verbCloseAll
	verbEnded
)

var verbNames = [...]string{
	"dial", "send", "lane", "read", "finish", "close", "abort", "pause", "resume", "restart", "rebind", "heal", "settled", "closeall", "ended",
}

// step is something that was done.
type step struct {
	at      time.Duration
	verb    verb
	node    int
	peer    int // of dial
	conn    int // which of the node's connections, from 1
	numbers []int
	options arq.SendOptions // of send; the channel of read and lane
	reason  string          // of close and abort; the address of rebind
}

// decisions is how many things were decided: fates, and steps but for those
// that every run ends with.
func (r *Record) decisions() int {
	n := len(r.fates)
	for _, s := range r.steps {
		if !s.fixed() {
			n++
		}
	}
	return n
}

// setup is the commands that make the world.
func (r *Record) setup() []string {
	var lines []string
	for _, n := range r.nodes {
		lines = append(lines, "node "+n.name+n.options.String())
	}
	for _, l := range r.links {
		lines = append(lines, fmt.Sprintf("link %s %s delay=%v", r.nodes[l.a].name, r.nodes[l.b].name, l.delay))
	}
	for i := 0; i < len(r.fates); {
		from, to := r.fates[i].from, r.fates[i].to
		var fates []Fate
		for ; i < len(r.fates) && r.fates[i].from == from && r.fates[i].to == to; i++ {
			for len(fates) < r.fates[i].number {
				fates = append(fates, Fate{})
			}
			fates = append(fates, r.fates[i].fate)
		}
		lines = append(lines, fmt.Sprintf("fates %s %s %s", r.nodes[from].name, r.nodes[to].name, formatFates(fates)))
	}
	return lines
}

// command is the line of a script that does the step.
func (r *Record) command(s step) string {
	words := []string{verbNames[s.verb]}
	switch s.verb {
	case verbHeal, verbSettled, verbCloseAll, verbEnded:
		return words[0]
	case verbDial:
		words = append(words, r.nodes[s.node].name, r.nodes[s.peer].name)
	case verbRebind:
		words = append(words, r.nodes[s.node].name, s.reason)
	case verbPause, verbResume, verbRestart:
		words = append(words, r.nodes[s.node].name)
	case verbLane:
		words = append(words, fmt.Sprintf("%s/%d %d", r.nodes[s.node].name, s.conn, s.options.Channel),
			fmt.Sprintf("priority=%d weight=%d", s.numbers[0], s.numbers[1]))
	case verbSend, verbRead, verbFinish, verbClose, verbAbort:
		words = append(words, fmt.Sprintf("%s/%d", r.nodes[s.node].name, s.conn))
		for _, n := range s.numbers {
			words = append(words, strconv.Itoa(n))
		}
		if o := s.options; o.Channel != 0 {
			words = append(words, fmt.Sprintf("channel=%d", o.Channel))
		}
		if o := s.options; o.Mode != proto.ModeOrdered {
			words = append(words, "mode="+o.Mode.String())
		}
		if o := s.options; o.Lifetime != 0 {
			words = append(words, "lifetime="+o.Lifetime.String())
		}
		if s.reason != "" {
			words = append(words, s.reason)
		}
	default:
		panic("BUG: verb")
	}
	return strings.Join(words, " ")
}
