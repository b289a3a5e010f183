package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"udplab/cmd/internal/classes"
	"udplab/cmd/internal/netflags"
	"udplab/lossy"
	"udplab/lossy/settings"
	"udplab/metrics"
)

// chatNetwork is the bad network that a chat may put in front of its own
// socket.
type chatNetwork struct {
	flags  *netflags.Flags
	seed   uint64
	log    decisionsFlag
	replay replayFlag
	pcap   pcapFlag

	all   *pflag.FlagSet // all flags of the chat
	given bool           // a network was asked for, be it one that does nothing

	mu    sync.Mutex  // guards what follows from impair on
	conn  *lossy.Conn // nil = no network
	begun time.Time   // the network's own time 0
	shown bool        // the user has asked for it, so what it did is of interest
	over  bool        // the chat has ended
}

func (n *chatNetwork) addTo(cmd *cobra.Command) {
	n.all = cmd.Flags()
	n.flags = netflags.Add(n.all, lossy.Profile{})
	offerPresets(cmd)
	cmd.Flags().Uint64Var(&n.seed, "seed", 0, "decides every fate on that network; random if not given")
	n.log.addTo(cmd)
	n.replay.addTo(cmd, "pass or drop", false)
	n.pcap.addTo(cmd)
}

// chatNames is what rules may ask for. No flow of this network has a name.
func chatNames() settings.Names {
	return settings.Names{Classes: classes.All(), Flows: []string{}}
}

// config checks the flags.
func (n *chatNetwork) config(cmd *cobra.Command) (lossy.Config, error) {
	c, err := n.flags.Config()
	if err != nil {
		return c, usageError(err, "see udplab chat --help")
	}
	if err := chatNames().Check(&c); err != nil {
		return c, usageError(settingFault(err), "see udplab chat --help")
	}
	if err := n.replay.read(); err != nil {
		return c, err
	}
	if err := plainPreset(n.flags); err != nil {
		return c, err
	}
	read := append(filesRead(n.flags), namedFile{"replay", n.replay.file})
	if err := keepFiles([]namedFile{{"log", n.log.file}, {"pcap", n.pcap.file}}, read); err != nil {
		return c, err
	}
	n.given = n.flags.Given() || n.log.file != "" || n.replay.file != "" || n.pcap.file != ""
	c.Seed = n.seed
	if !cmd.Flags().Changed("seed") {
		c.Seed = n.replay.seed(uint64(rand.Uint32())) // short enough to type
	}
	return c, nil
}

// impair puts the network in front of the socket if one was asked for, or may
// be later, and says so.
func (n *chatNetwork) impair(say *say, c lossy.Config, socket net.PacketConn, later bool) (net.PacketConn, error) {
	warnIdleFlags(say, n.all)
	if !n.given && !later {
		return socket, nil
	}
	n.shown = n.given
	n.replay.begin(say, nil)
	if err := n.pcap.open(c); err != nil {
		return nil, err
	}
	if err := n.log.open(c); err != nil {
		return nil, err
	}
	notePreset(say, n.flags)
	n.conn, n.begun = lossy.Wrap(socket, c), time.Now()
	n.conn.Network().SetClassifier(classes.Of)
	n.conn.Network().SetTracer(n.log.tracer())
	n.conn.Network().SetTapper(n.pcap.tapper(""))
	n.conn.Network().SetReplayer(n.replay.of(""))
	tellNetwork(say, n.flags, c, false)
	if marksNothing(&c) {
		say.warn("--ecn %s", noMarks)
	}
	if n.shown {
		say.note("%s", ownNetworkText(c))
	}
	return n.conn, nil
}

// noMarks is what becomes of ECN on a chat's own network; see lossy.Conn.
const noMarks = "has no effect here: a chat's own network sees no ECN marks and drops; udplab proxy marks"

// marksNothing says whether a queue of the network would mark datagrams, if any of
// them bore a mark.
func marksNothing(c *lossy.Config) bool {
	isECN := func(i lossy.Inert) bool { return i.Setting == "ecn" }
	would := func(p *lossy.Profile) bool { return p.ECN && !slices.ContainsFunc(p.Inert(), isECN) }
	return would(&c.Up) || would(&c.Down)
}

// ownNetworkText says what the network does, on a line.
func ownNetworkText(c lossy.Config) string {
	way := fmt.Sprintf("up: %s; down: %s", c.Up, c.Down)
	if c.Up == c.Down {
		way = fmt.Sprintf("each way: %s", c.Up)
	}
	return fmt.Sprintf("network %s, seed %d", way, c.Seed)
}

// collectors publish what the network does, by the names that a proxy has for
// the same.
func (n *chatNetwork) collectors() []prometheus.Collector {
	if n.conn == nil {
		return nil
	}
	p := metrics.NewProxy()
	p.AddProxy(n.stats)
	return []prometheus.Collector{p}
}

// close says what the network did, once the socket is closed; briefly where
// records have the rest.
func (n *chatNetwork) close(say *say, briefly bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.over = true
	if n.conn != nil && n.shown {
		stats := n.stats()
		say.note("own network: %d of %d datagrams dropped on the way out, %d of %d on the way in",
			dropped(&stats.Up), stats.Up.PacketsReceived, dropped(&stats.Down), stats.Down.PacketsReceived)
		if !briefly {
			say.note("\n%s", counts(&stats))
		}
	}
	n.replay.close(say)
	for _, err := range []error{n.pcap.close(say), n.log.close(say)} {
		if err != nil {
			say.warn("%v", err)
		}
	}
}
