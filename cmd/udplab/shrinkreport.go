package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"udplab/lossy"
	"udplab/lossy/evidence"
	"udplab/lossy/settings"
)

// shrinkReport is what -o json prints.
type shrinkReport struct {
	Schema  string          `json:"schema"`  // udplab/shrink/v1
	Of      int             `json:"of"`      // drops in the log
	Minimal bool            `json:"minimal"` // none of those below can be spared
	Trials  int             `json:"trials"`
	Drops   []shrinkDrop    `json:"drops"`
	Flags   []string        `json:"flags,omitempty"`   // those that drop them; none if they are too many
	Command string          `json:"command,omitempty"` // the whole network, for a shell
	Network json.RawMessage `json:"network,omitempty"` // as the API takes it
	GoTest  string          `json:"go_test,omitempty"`
}

type shrinkDrop struct {
	Flow  string  `json:"flow"`
	Dir   string  `json:"dir"`
	Index uint64  `json:"index"`
	Turn  *uint64 `json:"turn,omitempty"` // in the model that flows share
	Size  int     `json:"size"`
	Cause string  `json:"cause"`
}

// report prints the list that was found.
func (s *shrinking) report(m *evidence.Minimal) error {
	r, err := s.describe(m)
	if err != nil {
		return failure(err, "")
	}
	if s.out != "" {
		if err := s.writeDrops(s.out, s.chosen(m.Keep)); err != nil {
			return failure(fmt.Errorf("--out: %w", err), "give a file that can be written")
		}
	}
	if s.goTest != "" && r.GoTest != "" {
		if err := os.WriteFile(s.goTest, []byte(r.GoTest), 0o666); err != nil {
			return failure(fmt.Errorf("--go-test: %w", err), "give a file that can be written")
		}
	}
	if s.format.is(formatJSON) {
		return s.say.object(r)
	}
	s.print(r, s.chosen(m.Keep))
	return nil
}

func (s *shrinking) print(r *shrinkReport, drops []evidence.Drop) {
	if r.Minimal {
		s.say.data("%d of %d drops make it fail, and none of them can be spared (%d trials)", len(drops), r.Of, r.Trials)
	} else {
		s.say.data("%d of %d drops make it fail; fewer may be enough (%d trials)", len(drops), r.Of, r.Trials)
	}
	for _, d := range drops {
		s.say.data("  %v", d)
	}
	if r.Command == "" {
		s.say.warn("these are too many for flags: write them to a file with --out, for udplab proxy --replay")
		return
	}
	s.say.data("\nAs flags:\n  %s", strings.Join(r.Flags, " "))
	s.say.data("\nThe whole network:\n  %s", r.Command)
	if s.goTest == "" && r.GoTest != "" {
		s.say.data("\nAs a Go test:\n\n%s", strings.TrimSuffix(r.GoTest, "\n"))
	}
}

// describe puts a list down in every form.
func (s *shrinking) describe(m *evidence.Minimal) (*shrinkReport, error) {
	drops := s.chosen(m.Keep)
	r := &shrinkReport{Schema: "udplab/shrink/v1", Of: len(s.drops), Minimal: m.Proved, Trials: s.tried}
	for _, d := range drops {
		one := shrinkDrop{Flow: d.Flow.String(), Dir: d.Dir.String(), Index: d.Index, Size: d.Size, Cause: d.Cause.String()}
		if d.Shared {
			one.Turn = &d.Turn
		}
		r.Drops = append(r.Drops, one)
	}
	var listed lossy.Config
	network := s.network
	if evidence.Apply(&listed, drops, s.oneFlow) != nil || evidence.Apply(&network, drops, s.oneFlow) != nil {
		return r, nil // more than flags can say
	}
	r.Flags = flagsOf(listed)
	upstream := s.upstream
	if upstream == "" {
		upstream = "HOST:PORT"
	}
	r.Command = fmt.Sprintf("udplab proxy --upstream %s --seed %d %s", upstream, network.Seed, strings.Join(flagsOf(network), " "))
	var err error
	if r.Network, err = networkObject(network); err != nil {
		return nil, err
	}
	r.GoTest, err = s.asGoTest(evidence.ByFlow(drops))
	return r, err
}

// asGoTest is the test of a list, whose flows come one after the other there; none
// if the list is more than a profile can name flow by flow.
func (s *shrinking) asGoTest(drops []evidence.Drop) (string, error) {
	network := s.network
	if evidence.Apply(&network, drops, s.oneFlow) != nil {
		return "", nil
	}
	object, err := networkObject(network)
	if err != nil {
		return "", err
	}
	source, err := evidence.GoTest("shrunk_test", network.Seed, string(object), drops)
	return string(source), err
}

// networkObject is a network as the API takes it.
func networkObject(c lossy.Config) ([]byte, error) {
	object, err := settings.Marshal(map[string]any{"up": differing(c.Up), "down": differing(c.Down)})
	return bytes.TrimSpace(object), err
}

// differing has the settings of a profile that are not those of a perfect wire.
func differing(p lossy.Profile) map[string]any {
	object := make(map[string]any)
	for _, f := range settings.Fields() {
		switch value := f.Get(&p); {
		case value == f.Get(new(lossy.Profile)):
		case f.Switch():
			object[f.Name] = json.RawMessage(value)
		default:
			object[f.Name] = value
		}
	}
	return object
}

// flagsOf writes a network as flags, quoted for a shell.
func flagsOf(c lossy.Config) (flags []string) {
	for _, f := range settings.Fields() {
		add := func(prefix string, p lossy.Profile) {
			switch value := f.Get(&p); {
			case value == f.Get(new(lossy.Profile)):
			case f.Switch():
				flags = append(flags, "--"+prefix+f.Name)
			default:
				flags = append(flags, "--"+prefix+f.Name+" "+shellQuoted(value))
			}
		}
		if f.Get(&c.Up) == f.Get(&c.Down) {
			add("", c.Up)
			continue
		}
		add("up-", c.Up)
		add("down-", c.Down)
	}
	return flags
}

// shellQuoted is a word as a POSIX shell reads it.
func shellQuoted(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%-_.,:/=+") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
