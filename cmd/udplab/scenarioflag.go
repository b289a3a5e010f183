package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/netflags"
	"udplab/cmd/internal/terminal"
	"udplab/cmd/internal/yamlfile"
	"udplab/lossy"
	"udplab/lossy/control"
	"udplab/lossy/scenario"
	"udplab/lossy/settings"
)

// scenarioFlag is --scenario and --exit-when-done of udplab proxy.
type scenarioFlag struct {
	file string
	exit bool

	scenario *scenario.Scenario
}

const scenarioHelp = `--scenario FILE changes the network over time: steps, ramps, waves and loops in
YAML or JSON, see udplab scenario --help. The flags are what it begins with. It takes
the place of the timeline that a preset has. At its end the network stays as it is;
--exit-when-done ends the proxy then.`

func (f *scenarioFlag) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "scenario", "", "change the network over time as this YAML or JSON file says")
	cmd.Flags().BoolVar(&f.exit, "exit-when-done", false, "end when the scenario does")
}

// read reads the scenario, if there is to be one, and checks it over the network it
// begins with. A preset may have one, which a file takes the place of.
func (f *scenarioFlag) read(network *netflags.Flags, base lossy.Config, names settings.Names) (err error) {
	if f.file == "" {
		f.scenario, err = presetTimeline(network, base)
	} else if f.scenario, err = readScenario(f.file, base, names); err != nil {
		err = usageError(fmt.Errorf("--scenario: %w", err), "see udplab scenario --help")
	}
	if err != nil || !f.exit {
		return err
	}
	if f.scenario == nil {
		return usageError(errors.New("--exit-when-done without a scenario, which would be done"), "give one with --scenario FILE")
	}
	if _, ends := f.scenario.Length(); !ends && !f.scenario.Counts() {
		return usageError(fmt.Errorf("--exit-when-done: the scenario %s goes on for ever", titled(f.scenario, f.file)), `give it an end with "until"`)
	}
	return nil
}

// readScenario reads a file, and checks what is in it over a network.
func readScenario(file string, base lossy.Config, names settings.Names) (*scenario.Scenario, error) {
	document, err := yamlfile.Read(file)
	if err != nil {
		return nil, err
	}
	var s *scenario.Scenario
	text, err := scenario.Bring(document.JSON(), netflags.ReadNear(file))
	if err == nil {
		s, err = scenario.Parse(text)
	}
	if err == nil {
		_, err = s.StartKnowing(base, names)
	}
	if err != nil {
		return nil, document.Error(err, scenario.Words()...)
	}
	return s, nil
}

// play begins the scenario on a proxy; stop is called when it is done, if that is to
// end the command.
func (f *scenarioFlag) play(fleet *control.Fleet, name string, say *say, stop func()) error {
	if f.scenario == nil {
		return nil
	}
	b, err := fleet.Play(name, f.scenario)
	if err != nil {
		return usageError(fmt.Errorf("--scenario: %w", err), "see udplab scenario --help")
	}
	say.note("scenario %s: %s", titled(f.scenario, f.file), lasting(f.scenario))
	go func() {
		<-b.Ended()
		if s := b.State(); s.Done {
			if s.Failed > 0 {
				say.warn("scenario: %d changes could not be made, the last because %v", s.Failed, s.Err)
			}
			say.note("scenario done after %v", s.Elapsed)
			if f.exit {
				stop()
			}
		}
	}()
	return nil
}

// titled is what to call a scenario.
func titled(s *scenario.Scenario, file string) string {
	if s.Name() != "" {
		return terminal.Clean(s.Name())
	}
	return file
}

// lasting says how long a scenario goes on.
func lasting(s *scenario.Scenario) string {
	length, ends := s.Length()
	switch {
	case ends:
		return fmt.Sprintf("takes %v", length)
	case s.Counts():
		return "goes on until so many datagrams have passed"
	}
	return "goes on for ever"
}
