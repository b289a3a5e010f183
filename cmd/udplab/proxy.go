package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"udplab/cmd/internal/classes"
	"udplab/cmd/internal/netflags"
	"udplab/cmd/internal/units"
	"udplab/lossy"
	"udplab/lossy/control"
	"udplab/lossy/proxy"
	"udplab/metrics"
)

const proxyLong = `Proxy passes UDP datagrams between clients and a service and does to them what
a bad network does: loses, delays, reorders, duplicates and corrupts them, and
limits their rate. Any protocol passes; each client gets an upstream socket of
its own. The same seed decides the same fates again.

It is of this machine unless told otherwise: --listen :9100 is 127.0.0.1:9100, and
0.0.0.0:9100 or [::]:9100 relay for whoever reaches this machine.

` + netflags.Help + `

` + netflags.NetemHelp + `
udplab proxy explain says what a line really does.

The network can be read and changed while the proxy runs:
  curl localhost:8474/proxies/default
  curl -X PATCH -H 'Content-Type: application/json' \
    -d '{"loss": "20%"}' localhost:8474/proxies/default
  curl -X POST -H 'Content-Type: application/json' \
    -d '{}' localhost:8474/proxies/default/rebind
Others can be opened beside it, impaired by toxics and closed, with the paths and
fields of toxiproxy, so that its client libraries and its toxiproxy-cli work:
  curl -d '{"name": "dns", "upstream": "127.0.0.1:53"}' localhost:8474/proxies
  curl -d '{"type": "latency", "attributes": {"latency": 80}}' \
    localhost:8474/proxies/dns/toxics
--api-token-file FILE, or the variable UDPLAB_API_TOKEN, opens the API to other
machines: --api may then be any address, and every request must bear the token
as Authorization: Bearer TOKEN.
GET /ready answers 503, here and at the address of --metrics, while datagrams leave
later than --late-limit: more than one in a hundred of the last 5 to 10 s, or one
of fewer than a hundred; and for as long after this machine lost any that the
network did not.

--drop takes datagrams for what they are, such as size>1200, or class=ack,nth=3,
the third of each flow that only acknowledges. Classes are those of this
program's protocol: ` + classes.Names + `.

--log FILE writes what became of every datagram, a JSON object a line
(udplab/decisions/v1): which flow, direction and index, and what was decided.
With --log-times=false two runs of one seed and the same datagrams log the same
lines, in an order that depends on who came when: sorted, the files are equal.
Flows are numbered as they appear; --flow NAME=ADDR names the client at an
address instead, and what becomes of it no longer depends on who came first.

` + replayHelp + `

` + scenarioHelp + `

` + pcapHelp + `

--config FILE runs the proxies of a file instead of that of the flags, which then
may be those of the process only: see udplab config template. SIGHUP has the file
read again: what it says no more is closed, what is new in it opened, what differs
changed, and the rest goes on with its clients and counts. A file with a fault
changes nothing.

Ctrl-C ends the proxy and prints a summary, which is all that goes to stdout; so
do SIGTERM and, without --config, SIGHUP, as of a terminal that closes. In it
in + duplicated = out + in flight + dropped, each way. What this machine lost
itself, and not the network, is by kernel_rx, kernel_tx, flow_error or overload;
there is a warning of it at once.
-o json prints it as one object (udplab/proxy-summary/v1); -o jsonl prints
events as they happen (udplab/proxy-event/v1): listening, a summary each second,
and the last one.`

const proxyExample = `  udplab proxy --listen 127.0.0.1:9100 --upstream 127.0.0.1:9002 --loss 5% --burst 4
  udplab proxy --upstream 127.0.0.1:53 --delay 40ms --jitter 10ms --down-rate 1mbit
  udplab proxy --config lab.yaml`

// listenUsage is of every proxy. What net.Listen means by an empty host would have
// it relay for all who reach this machine without a word of that being wanted.
const listenUsage = "address for clients, host:port; no host = 127.0.0.1, 0.0.0.0 or [::] = every address of this machine; port 0 = choose"

// How often a terminal's live line is redrawn, and how often jsonl reports.
const (
	liveEvery  = 500 * time.Millisecond
	eventEvery = time.Second
)

// proxyOptions is what the flags of `udplab proxy` say.
type proxyOptions struct {
	name     string
	listen   string
	upstream string
	api      string
	apiGiven bool
	access   accessFlag
	seed     uint64
	maxFlows int
	idle     units.Duration
	nat      units.Duration
	rebind   units.Duration
	late     units.Duration
	buffer   units.Size
	network  *netflags.Flags
	flows    flowsFlag
	log      decisionsFlag
	replay   replayFlag
	scenario scenarioFlag
	pcap     pcapFlag
	metrics  metricsFlag
	format   *outputFormat
	file     configFlag
	given    *pflag.FlagSet // all of these
}

func newProxyCmd(d deps) *cobra.Command {
	o := &proxyOptions{
		idle:   units.Duration(proxy.DefaultIdleTimeout),
		late:   units.Duration(proxy.DefaultLateLimit),
		buffer: units.Size(proxy.DefaultBuffer),
		format: newOutputFormat(formatText, formatJSON, formatJSONL),
	}
	cmd := &cobra.Command{
		Use:     "proxy --upstream HOST:PORT",
		Short:   "Put a bad network in front of any UDP service",
		Long:    proxyLong,
		Example: proxyExample,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.file.name != "" {
				return o.runFile(cmd, d, newSay(d))
			}
			o.apiGiven = cmd.Flags().Changed("api")
			presetNAT(cmd.Flags(), o.network, &o.nat, &o.rebind)
			if err := o.replay.read(); err != nil {
				return err
			}
			if !cmd.Flags().Changed("seed") {
				// Short enough to type, and exact in JSON for every reader.
				o.seed = o.replay.seed(uint64(rand.Uint32()))
			}
			return o.run(cmd.Context(), d, newSay(d))
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.given = f
	o.file.addTo(cmd)
	f.StringVar(&o.listen, "listen", "127.0.0.1:9100", listenUsage)
	f.StringVar(&o.upstream, "upstream", "", "address of the service, host:port")
	o.network = netflags.Add(f, lossy.Profile{})
	offerPresets(cmd)
	f.Var(&o.nat, "nat-timeout", "end a client's port towards the service when the client was silent for this long; 0 = never")
	f.Var(&o.rebind, "rebind-every", "give each client another port towards the service this often; 0 = never")
	f.Uint64Var(&o.seed, "seed", 0, "decides every fate; random if not given")
	f.Var(&o.flows, "flow", "give the client at an address a flow by name, so that its fate does not depend on who comes first; repeatable")
	o.log.addTo(cmd)
	o.replay.addTo(cmd, "pass, drop or stop, which ends the proxy", true)
	o.scenario.addTo(cmd)
	o.pcap.addTo(cmd)
	f.StringVar(&o.name, "name", "default", "name of the proxy in the API")
	f.StringVar(&o.api, "api", control.DefaultAddr, "address of the HTTP API, loopback only without a token; off = none")
	o.access.addTo(cmd, "api")
	o.access.addHostTo(cmd)
	f.IntVar(&o.maxFlows, "max-flows", proxy.DefaultMaxFlows, "clients served at a time")
	f.Var(&o.idle, "idle-timeout", "forget a client after this long without a datagram; 0 = never")
	f.Var(&o.late, "late-limit", "warn when more than one datagram in a hundred leaves later than this; 0 = never")
	f.Var(&o.buffer, "buffer", "size to ask the system for as buffer of each socket, up to 1GiB; on Linux net.core.rmem_max limits it for who may not administer the network")
	o.metrics.addTo(cmd)
	o.format.addTo(cmd)
	cmd.AddCommand(newPresetsCmd(d))
	cmd.AddCommand(newProxyExplainCmd(d))
	return cmd
}

// askedBuffer is 0 for the default, of which less will do without a word.
func (o *proxyOptions) askedBuffer() int {
	if o.buffer == proxy.DefaultBuffer {
		return 0
	}
	return int(o.buffer)
}

// config checks the flags and makes them a configuration.
func (o *proxyOptions) config() (proxy.Config, error) {
	c := proxy.Config{Listen: o.listen, Upstream: o.upstream, MaxFlows: o.maxFlows, Buffer: o.askedBuffer(),
		NAT: proxy.NAT{Timeout: time.Duration(o.nat), RebindEvery: time.Duration(o.rebind)}, Flows: o.flows.flows}
	if o.upstream == "" {
		return c, usageError(errors.New("no upstream given"), "say where the service listens with --upstream HOST:PORT")
	}
	if o.maxFlows == 0 {
		return c, usageError(errors.New("--max-flows 0 would serve nobody"), "give at least 1")
	}
	if err := control.CheckName(o.name); err != nil {
		return c, usageError(fmt.Errorf("--name %w", err), "give the proxy a name of letters, digits and - _ .")
	}
	network, err := o.network.Config()
	if err != nil {
		return c, usageError(err, "see udplab proxy --help")
	}
	c.Config = network
	c.Seed, c.Classes = o.seed, classes.All()
	if err := c.Validate(); err != nil {
		return c, usageError(fmt.Errorf("--%w", err), "see udplab proxy --help")
	}
	if err := c.Names().Check(&c.Config); err != nil {
		return c, usageError(settingFault(err), "see udplab proxy --help")
	}
	return c, o.scenario.read(o.network, c.Config, c.Names())
}

// prepare adds to a proxy that the API opens what the flags say of every proxy.
func (o *proxyOptions) prepare(name string, c *proxy.Config) error {
	c.MaxFlows, c.IdleTimeout, c.LateLimit, c.Buffer = o.maxFlows, orNever(o.idle), orNever(o.late), o.askedBuffer()
	c.Classify, c.Classes = classes.Of, classes.All()
	if name == o.name {
		c.Flows = o.flows.flows
	}
	name = o.nameInLog(name)
	o.log.observe(name, c)
	c.Replay = o.replay.of(name)
	c.Tap = o.pcap.tapper(name)
	return nil
}

// nameInLog is none for the proxy of the flags, which the log's header describes.
func (o *proxyOptions) nameInLog(name string) string {
	if name == o.name {
		return ""
	}
	return name
}

// orNever is a time of which the flag's 0 means that it never comes.
func orNever(d units.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return time.Duration(d)
}

// run is the command: it ends when the context does.
func (o *proxyOptions) run(ctx context.Context, d deps, say *say) error {
	cfg, err := o.config()
	if err != nil {
		return err
	}
	notePreset(say, o.network)
	tellNetwork(say, o.network, cfg.Config, o.scenario.scenario != nil)
	return o.serve(ctx, d, say, cfg.Config, func(fleet *control.Fleet, _ *proxySession) error {
		_, err := fleet.Add(o.name, cfg)
		return proxyFailure(err)
	})
}

// serve runs the proxies that open opens until the context ends. network is that
// of the log's header.
func (o *proxyOptions) serve(ctx context.Context, d deps, say *say, network lossy.Config, open func(*control.Fleet, *proxySession) error) error {
	written := []namedFile{{"log", o.log.file}, {"pcap", o.pcap.file}}
	read := append(filesRead(o.network), namedFile{"replay", o.replay.file}, namedFile{"scenario", o.scenario.file}, namedFile{"config", o.file.name},
		namedFile{"api-token-file", o.access.file}, namedFile{"metrics-token-file", o.metrics.access.file})
	if err := keepFiles(written, read); err != nil {
		return err
	}
	if err := o.log.open(network); err != nil {
		return err
	}
	defer o.log.close(say)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	o.replay.begin(say, stop)
	if err := o.pcap.open(network); err != nil {
		return err
	}
	defer o.pcap.close(say)
	rehearse()
	fleet := control.NewFleet(o.prepare)
	defer fleet.Close()
	collector := metrics.NewProxy()
	fleet.OnOpen(func(name string, p *proxy.Proxy) func() {
		o.log.opened(o.nameInLog(name), p.Settings())
		return collector.AddProxy(p.Stats)
	})
	s := newProxySession(o.name, fleet, say, d.now)
	s.records = []record{{failing: o.log.failing}, {failing: o.pcap.failing}}
	if err := open(fleet, s); err != nil {
		return err
	}
	api, err := o.serveAPI(d, say, fleet)
	if err != nil {
		return err
	}
	if api != nil {
		defer api.Close()
	}
	o.metrics.ready = fleet.Ready
	stopMetrics, err := o.metrics.serve(say, collector)
	if err != nil {
		return err
	}
	defer stopMetrics()
	s.announce(api)
	warnIdleFlags(say, o.given)
	if err := o.scenario.play(fleet, o.name, say, stop); err != nil {
		return err
	}
	if err := s.watch(ctx, o.format); err != nil {
		return err
	}
	s.end()
	o.replay.close(say)
	captured, logged := o.pcap.close(say), o.log.close(say)
	return cmp.Or(s.finish(o.format), logged, captured)
}

// proxyFailure explains why there is no proxy.
func proxyFailure(err error) error {
	var address *proxy.AddressError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &address):
		return failure(err, "")
	case errors.Is(err, proxy.ErrLoop):
		return usageError(fmt.Errorf("--upstream %s is the proxy's own listen address, every datagram would loop", address.Address),
			"give the address of the service")
	}
	return addressFailure(address.Field, address.Address, address.Err)
}

// serveAPI opens the HTTP API. The default port may be taken by another proxy;
// then this one runs without. An address the user asked for must work.
func (o *proxyOptions) serveAPI(d deps, say *say, fleet *control.Fleet) (*control.Server, error) {
	if o.api == "off" {
		return nil, nil
	}
	rules, err := o.access.rules(say, d.lookupEnv)
	if err != nil {
		return nil, err
	}
	s, err := control.Serve(o.api, fleet, rules)
	switch {
	case err == nil:
		return s, nil
	case errors.Is(err, control.ErrNotLoopback):
		return nil, o.access.notLoopback(o.api)
	case !o.apiGiven && errors.Is(err, errAddrInUse):
		say.warn("no HTTP API: its default address %s is in use; choose another with --api, or --api off", o.api)
		return nil, nil
	}
	return nil, addressFailure("api", o.api, err)
}
