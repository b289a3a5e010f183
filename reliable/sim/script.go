package sim

import (
	"fmt"
	"net/netip"
	"sort"
	"strconv"
	"strings"
	"time"

	"udplab/lossy"
	"udplab/proto"
)

// Script runs a story: commands against a world of its own, answered with
// everything that happens. Stories are in testdata; README there lists the
// commands. The zero value is not usable.
type Script struct {
	world *World
	nodes map[string]*Node
	out   strings.Builder
}

// NewScript returns a script with an empty world.
func NewScript() *Script {
	s := &Script{world: NewWorld(1), nodes: make(map[string]*Node)}
	s.world.Observe = Narrate(&s.out)
	return s
}

// Err is the first thing that went wrong in the eyes of the oracle, nil if
// nothing did.
func (s *Script) Err() error { return s.world.Err() }

// Execute runs one line and returns what happened. The error is that of the
// command, or else Err.
func (s *Script) Execute(line string) (string, error) {
	s.out.Reset()
	words := strings.Fields(line)
	if len(words) == 0 {
		return "", fmt.Errorf("empty command")
	}
	command := commands[words[0]]
	if command.run == nil {
		return "", fmt.Errorf("unknown command %q; there are %s", words[0], commandNames())
	}
	if len(words)-1 < command.args {
		return "", fmt.Errorf("usage: %s %s", words[0], command.usage)
	}
	if err := command.run(s, words[1:]); err != nil {
		return "", fmt.Errorf("%s: %w", line, err)
	}
	return s.out.String(), s.world.Err()
}

// command is one word of the language.
type command struct {
	args  int // at least
	usage string
	run   func(s *Script, args []string) error
}

var commands = map[string]command{
	"node":     {1, "NAME [listen] [rendezvous] [manual] [hold=N] [ecn] [packet=N] [idle=D] [keepalive=D] [window=N] [sendbuffer=N] [first=N] [cwnd=N] [redundancy=off] [seed=N]", (*Script).node},
	"link":     {2, "A B [delay=D] [rate=R] [queue=D] [mark=D]", (*Script).link},
	"mtu":      {3, "A B BYTES", (*Script).mtu},
	"rebind":   {2, "NODE IP:PORT", (*Script).rebind},
	"spoof":    {3, "FROM TO VIA", (*Script).spoof},
	"quiet":    {1, "DURATION", (*Script).quiet},
	"down":     {2, "FROM TO", func(s *Script, a []string) error { return s.setDown(a, true) }},
	"up":       {2, "FROM TO", func(s *Script, a []string) error { return s.setDown(a, false) }},
	"fates":    {3, "FROM TO deliver|drop|duplicate[=D]|corrupt|delay=D[+delay=D][*N]...", (*Script).fates},
	"dial":     {2, "FROM TO", (*Script).dial},
	"send":     {2, "NODE[/N] BYTES... [channel=N] [mode=M] [lifetime=D]", (*Script).send},
	"lane":     {2, "NODE[/N] CHANNEL [priority=N] [weight=N]", (*Script).lane},
	"read":     {2, "NODE[/N] COUNT [channel=N]", (*Script).read},
	"finish":   {1, "NODE[/N]", (*Script).finishSending},
	"close":    {2, "NODE[/N] CODE [REASON]", (*Script).close},
	"abort":    {2, "NODE[/N] CODE [REASON]", (*Script).abort},
	"restart":  {1, "NODE", (*Script).restart},
	"pause":    {1, "NODE", (*Script).pause},
	"resume":   {1, "NODE", (*Script).resume},
	"heal":     {0, "", func(s *Script, _ []string) error { s.world.Heal(); return nil }},
	"settled":  {0, "", func(s *Script, _ []string) error { s.world.Settled(); return nil }},
	"closeall": {0, "", func(s *Script, _ []string) error { s.world.CloseAll(); return nil }},
	"ended":    {0, "", func(s *Script, _ []string) error { s.world.Ended(); return nil }},
	"hello":    {3, "FROM TO version=N", (*Script).hello},
	"run":      {1, "DURATION", (*Script).run},
	"stats":    {1, "NODE", (*Script).stats},
}

func commandNames() string {
	var names []string
	for name := range commands {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

func (s *Script) find(name string) (*Node, error) {
	if n := s.nodes[name]; n != nil {
		return n, nil
	}
	return nil, fmt.Errorf("no node %q", name)
}

func (s *Script) two(args []string) (a, b *Node, err error) {
	if a, err = s.find(args[0]); err != nil {
		return nil, nil, err
	}
	b, err = s.find(args[1])
	return a, b, err
}

// end is a connection of a node: the newest, or with NODE/N the N-th it ever
// had.
func (s *Script) end(name string) (*End, error) {
	name, which, numbered := strings.Cut(name, "/")
	n, err := s.find(name)
	if err != nil {
		return nil, err
	}
	if !numbered {
		if len(n.ends) == 0 {
			return nil, fmt.Errorf("%s has no connection", name)
		}
		return n.ends[len(n.ends)-1], nil
	}
	i, err := strconv.Atoi(which)
	if err != nil || i < 1 || i > len(n.all) {
		return nil, fmt.Errorf("%s has no connection %q", name, which)
	}
	return n.all[i-1], nil
}

// option takes "name=value" apart and parses the value with one of the three.
func option(word string, d *time.Duration, n *int) error {
	_, value, _ := strings.Cut(word, "=")
	var err error
	if d != nil {
		*d, err = time.ParseDuration(value)
	} else {
		*n, err = strconv.Atoi(value)
	}
	return err
}

func (s *Script) node(args []string) error {
	options, err := parseNodeOptions(args[1:])
	if err != nil {
		return err
	}
	s.nodes[args[0]] = s.world.addNode(args[0], options)
	return nil
}

func (s *Script) link(args []string) error {
	a, b, err := s.two(args)
	if err != nil {
		return err
	}
	var p lossy.Profile
	var mark time.Duration
	for _, word := range args[2:] {
		switch name, value, _ := strings.Cut(word, "="); name {
		case "delay":
			err = option(word, &p.Delay, nil)
		case "queue":
			err = option(word, &p.Queue, nil)
		case "mark":
			err = option(word, &mark, nil)
		case "rate":
			p.Rate, err = lossy.ParseRate(value)
		default:
			err = fmt.Errorf("unknown option %q", word)
		}
		if err != nil {
			return err
		}
	}
	s.world.Path(a, b).SetProfile(p)
	s.world.Path(b, a).SetProfile(p)
	s.world.SetMarking(a, b, mark)
	s.world.SetMarking(b, a, mark)
	return nil
}

// mtu sets the largest datagram that passes between two nodes.
func (s *Script) mtu(args []string) error {
	a, b, err := s.two(args)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(args[2])
	s.world.SetMTU(a, b, n)
	s.world.SetMTU(b, a, n)
	return err
}

func (s *Script) rebind(args []string) error {
	n, err := s.find(args[0])
	if err != nil {
		return err
	}
	to, err := netip.ParseAddrPort(args[1])
	if err == nil {
		n.Rebind(to)
	}
	return err
}

func (s *Script) spoof(args []string) error {
	a, b, err := s.two(args)
	if err != nil {
		return err
	}
	via, err := s.find(args[2])
	if err == nil {
		a.Spoof(b, via)
	}
	return err
}

// quiet is run for what would fill pages: it shows only what is not about one
// datagram.
func (s *Script) quiet(args []string) error {
	narrate := s.world.Observe
	s.world.Observe = func(o Observation) {
		switch o.Kind {
		case Sent, Received, Astray, Rejected, Delivered:
		default:
			narrate(o)
		}
	}
	defer func() { s.world.Observe = narrate }()
	return s.run(args)
}

func (s *Script) setDown(args []string, down bool) error {
	a, b, err := s.two(args)
	if err == nil {
		s.world.Path(a, b).SetDown(down)
	}
	return err
}

func (s *Script) fates(args []string) error {
	a, b, err := s.two(args)
	if err != nil {
		return err
	}
	fates, err := parseFates(args[2:])
	if err != nil {
		return err
	}
	a.SetFates(b, fates...)
	return nil
}

func (s *Script) restart(args []string) error { return s.onNode(args, (*Node).Restart) }
func (s *Script) pause(args []string) error   { return s.onNode(args, (*Node).Pause) }
func (s *Script) resume(args []string) error  { return s.onNode(args, (*Node).Resume) }

func (s *Script) onNode(args []string, f func(*Node)) error {
	n, err := s.find(args[0])
	if err == nil {
		f(n)
	}
	return err
}

// hello sends a bare hello of any version.
func (s *Script) hello(args []string) error {
	a, b, err := s.two(args)
	if err != nil {
		return err
	}
	var version int
	if err := option(args[2], nil, &version); err != nil {
		return err
	}
	hello := proto.Hello{Version: uint32(version), SourceID: 0x99, Params: proto.Params{MaxPacket: proto.MaxDatagram}}
	a.Inject(b, proto.AppendHello(nil, &hello, proto.MinHello))
	return nil
}

func (s *Script) run(args []string) error {
	d, err := time.ParseDuration(args[0])
	if err == nil {
		s.world.Run(d)
	}
	return err
}

// stats prints the counters of a node's newest connection that are not zero
// and do not depend on the details of timing.
func (s *Script) stats(args []string) error {
	e, err := s.end(args[0])
	if err != nil {
		return err
	}
	c := e.Conn.Stats()
	fmt.Fprintf(&s.out, "%s: packets %d sent, %d received", args[0], c.PacketsSent, c.PacketsReceived)
	for _, n := range []struct {
		count uint64
		what  string
	}{
		{c.PacketsLost, "lost"}, {c.PacketsLostSpurious, "falsely declared lost"},
		{c.PacketsDuplicate, "duplicate"}, {c.PacketsOutOfOrder, "out of order"},
		{c.RetransmitsThreshold, "frames again by packet threshold"},
		{c.RetransmitsTime, "frames again by time threshold"}, {c.RetransmitsProbe, "frames again by probe"},
		{c.MessagesSent, "messages sent"}, {c.MessagesAcked, "acknowledged"}, {c.MessagesReceived, "messages received"},
		{c.MessagesSuperseded, "superseded"}, {c.MessagesLost, "not sent again"}, {c.MessagesSkipped, "skipped"},
		{c.MessagesPassedOver, "passed over"}, {c.MessagesStale, "stale"}, {c.MessagesDropped, "dropped"},
		{c.Repeats, "repeats"},
		{uint64(c.BytesInFlight), "bytes in flight"},
		{c.PathChanges, "moves of the peer"}, {c.PathsRefused, "addresses without an answer"},
		{c.SizeProbesSent, "probes of the packet size"}, {c.SizeProbesLost, "of them lost"}, {c.BlackHoles, "black holes"},
		{c.MarksReceived, "marks received"}, {c.MarksReported, "marks reported"},
	} {
		if n.count > 0 {
			fmt.Fprintf(&s.out, ", %d %s", n.count, n.what)
		}
	}
	if c.PacketSize != proto.MinHello {
		fmt.Fprintf(&s.out, ", packets of %d bytes", c.PacketSize)
	}
	fmt.Fprintf(&s.out, ", round trip %v\n", c.SmoothedRTT)
	return nil
}
