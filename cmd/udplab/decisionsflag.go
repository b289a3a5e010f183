package main

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"udplab/lossy"
	"udplab/lossy/decisions"
	"udplab/lossy/proxy"
	"udplab/lossy/scenario"
	"udplab/lossy/settings"
)

// decisionsFlag is --log and --log-times of the commands that impair.
type decisionsFlag struct {
	file  string
	times bool

	out   *os.File
	begun bool // the proxy that the header describes has been opened
	log   *decisions.Log
}

func (f *decisionsFlag) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "log", "", "write what became of every datagram to this file, as JSON lines")
	cmd.Flags().BoolVar(&f.times, "log-times", true, "log times too; without them the sorted lines of one seed are the same in each run")
}

// open begins the log, if there is to be one.
func (f *decisionsFlag) open(network lossy.Config) error {
	if f.file == "" {
		return nil
	}
	var err error
	if f.out, err = os.Create(f.file); err != nil {
		return failure(fmt.Errorf("--log: %w", err), "give a file that can be written")
	}
	f.log, err = decisions.New(f.out, decisions.Options{
		Seed: network.Seed, Timeless: !f.times,
		Up: settings.Report(network.Up), Down: settings.Report(network.Down),
	})
	return err
}

// tracer is who hears the verdicts: the log, or nobody.
func (f *decisionsFlag) tracer() lossy.Tracer {
	if f.log == nil {
		return nil
	}
	return f.log.Trace
}

// observe has the log hear of a proxy. The one that the header describes goes
// without a name.
func (f *decisionsFlag) observe(name string, c *proxy.Config) {
	if f.log == nil {
		return
	}
	c.Tracer = f.log.Trace
	if name != "" {
		c.Tracer = f.log.TraceOf(name)
	}
	log := f.log // a scenario may hear of its end when the log is closed
	c.Played = func(n scenario.Note) {
		_ = log.Note(scenarioNote{playedChange{name, n}}) // as with changed
	}
	c.Changed = func(now time.Duration, s proxy.Settings) { f.changed(name, now, s) }
}

// opened notes what a proxy begins with, but for the first, which the header
// describes. That one has no name here.
func (f *decisionsFlag) opened(name string, s proxy.Settings) {
	first := name == "" && !f.begun
	f.begun = f.begun || first
	if f.log == nil || first {
		return
	}
	note := openedNote{openedNetwork{s.Network.Seed, f.describe(name, 0, s)}}
	_ = f.log.Note(note) // a log without room counts the verdicts it misses
}

// scenarioNote is the line that tells of a change that a scenario makes, by the time
// of the scenario, which is alike in every run.
type scenarioNote struct {
	Scenario playedChange `json:"scenario"`
}

type playedChange struct {
	Proxy string `json:"proxy,omitempty"`
	scenario.Note
}

// changedNote is the line that tells of a change of the network, and openedNote of
// one more proxy. What stands of time is left out where the log has none.
type changedNote struct {
	Changed changedNetwork `json:"changed"`
}

type openedNote struct {
	Opened openedNetwork `json:"opened"`
}

type openedNetwork struct {
	Seed uint64 `json:"seed"`
	changedNetwork
}

type changedNetwork struct {
	Proxy   string `json:"proxy,omitempty"`
	At      *int64 `json:"t_ns,omitempty"`
	Enabled bool   `json:"enabled"`
	// Overlays have the share of the flows that they change, by name.
	Overlays map[string]float64 `json:"overlays,omitempty"`
	Dark     *[2]int64          `json:"dark_until_ns,omitempty"` // up, down: of a blackout of now
	Up       settings.Report    `json:"up"`
	Down     settings.Report    `json:"down"`
}

// changed notes a change of the network.
func (f *decisionsFlag) changed(name string, now time.Duration, s proxy.Settings) {
	if f.log == nil {
		return
	}
	_ = f.log.Note(changedNote{f.describe(name, now, s)}) // a log without room counts the verdicts it misses
}

// describe is what a note says of a proxy.
func (f *decisionsFlag) describe(name string, now time.Duration, s proxy.Settings) changedNetwork {
	c := changedNetwork{Proxy: name, Enabled: s.Enabled, Up: settings.Report(s.Network.Up), Down: settings.Report(s.Network.Down)}
	for _, o := range s.Overlays {
		if c.Overlays == nil {
			c.Overlays = make(map[string]float64)
		}
		c.Overlays[o.Name] = o.Share
	}
	if f.times {
		c.At = new(int64(now))
		if max(s.Dark[lossy.Up], s.Dark[lossy.Down]) > now {
			c.Dark = &[2]int64{int64(s.Dark[lossy.Up]), int64(s.Dark[lossy.Down])}
		}
	}
	return c
}

// close ends the log and says what is in it. The error is that it could not be
// written to its end.
func (f *decisionsFlag) close(say *say) error {
	if f.log == nil {
		return nil
	}
	err := f.log.Close()
	if failed := f.out.Close(); err == nil {
		err = failed
	}
	s := f.log.Stats()
	f.log = nil
	if err != nil {
		return incomplete("log", f.file, err)
	}
	switch {
	case s.LeftOut > 0:
		say.warn("the log %s has %d decisions and lacks %d: the disk could not keep up", f.file, s.Lines, s.LeftOut)
	default:
		say.note("%d decisions in %s", s.Lines, f.file)
	}
	return nil
}

// failing is why the log cannot be written any more, nil if it can.
func (f *decisionsFlag) failing() error {
	if f.log == nil || f.log.Err() == nil {
		return nil
	}
	return incomplete("log", f.file, f.log.Err())
}

// incomplete is what to say of a record that could not be written to its end.
func incomplete(what, file string, err error) error {
	return failure(fmt.Errorf("the %s %s is not complete: %w", what, file, err), "make room there, or give another file")
}

// flowsFlag is --flow NAME=ADDR, once for each client whose flow is named.
type flowsFlag struct {
	flows map[netip.AddrPort]lossy.FlowKey
	text  []string
}

// Set is part of pflag.Value.
func (f *flowsFlag) Set(s string) error {
	name, address, found := strings.Cut(s, "=")
	if !found {
		return fmt.Errorf("%q: write it NAME=HOST:PORT, such as ann=127.0.0.1:9001", s)
	}
	key, err := lossy.NamedFlow(name)
	if err != nil {
		return err
	}
	client, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%q: the client is an IP address and a port, such as 127.0.0.1:9001", s)
	}
	if _, twice := f.flows[client]; twice {
		return fmt.Errorf("%q: %v has a flow already", s, client)
	}
	if f.flows == nil {
		f.flows = make(map[netip.AddrPort]lossy.FlowKey)
	}
	f.flows[client] = key
	f.text = append(f.text, s)
	return nil
}

// String is part of pflag.Value.
func (f *flowsFlag) String() string { return strings.Join(f.text, " ") }

// Type is part of pflag.Value.
func (f *flowsFlag) Type() string { return "name=addr" }
