package presets

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"udplab/lossy"
)

func TestNamesAreUniqueAndFilled(t *testing.T) {
	seen := make(map[string]string)
	form := regexp.MustCompile(`^[a-z0-9]+([-.][a-z0-9]+)*$`)
	for _, p := range All() {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			if seen[name] != "" {
				t.Errorf("%s is %s and %s", name, seen[name], p.Name)
			}
			if !form.MatchString(name) {
				t.Errorf("%q is not a name of lower case, dashes and dots", name)
			}
			seen[name] = p.Name
			if found, err := Find(" " + strings.ToUpper(name) + " "); err != nil || found.Name != p.Name {
				t.Errorf("Find(%s): %s, %v; want %s", name, found.Name, err, p.Name)
			}
		}
		if p.Title == "" || p.Numbers == "" || p.Source == "" || !json.Valid(p.Settings) {
			t.Errorf("%s lacks something: %+v", p.Name, p)
		}
		if !slices.Contains(Confidences(), p.Confidence) {
			t.Errorf("%s: %q is no confidence", p.Name, p.Confidence)
		}
		if p.Confidence == Choice != (p.Source == choiceSource) {
			t.Errorf("%s: %s of %s", p.Name, p.Confidence, p.Source)
		}
		if halved := strings.Contains(p.Numbers, "RTT"); halved && !strings.Contains(p.Notes, "half") {
			t.Errorf("%s: a round trip, and the notes do not say that it was halved", p.Name)
		}
	}
	if len(Names()) != len(All()) || len(All()) < 70 {
		t.Errorf("%d names, %d presets", len(Names()), len(All()))
	}
}

func TestFindProposesWhatIsNear(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"wfii", "wifi"},
		{"starlnk", "starlink"},
		{"very-bad", "nlc-very-bad"},
		{"handshake-loss", "handshakeloss"},
		{"simple-p2", "simple-p2p"},
		{"droprate", "drop-rate"},
		{"slow", "slow-3g"},
	} {
		_, err := Find(c.name)
		notFound, is := errors.AsType[*NotFoundError](err)
		if !is || !slices.Contains(notFound.Near, c.want) || len(notFound.Near) > 3 {
			t.Errorf("%s: %v, want it to propose %s", c.name, err, c.want)
		}
	}
	for _, name := range []string{"", "x", "no-such-network-at-all", strings.Repeat("w", 200)} {
		_, err := Find(name)
		if notFound, is := errors.AsType[*NotFoundError](err); !is || len(notFound.Near) > 0 && name != "x" {
			t.Errorf("%.20q: %v, want nothing near", name, err)
		}
	}
}

// Settings that are wrong are refused by the field's path.
func TestSetupRefusals(t *testing.T) {
	for _, c := range []struct{ settings, says string }{
		{`{"rate": "10"}`, `field "rate"`},
		{`{"up": {"loss": "150%"}}`, `field "up.loss"`},
		{`{"rebind-every": "5"}`, `field "rebind-every"`},
		{`{"nat-timeout": true}`, `field "nat-timeout"`},
		{`{"color": "red"}`, `unknown field "color"`},
		{`{"jitter": "5ms"}`, "jitter 5ms"},
		{`[]`, "JSON object"},
	} {
		p := Preset{Name: "x", Settings: json.RawMessage(c.settings)}
		if _, err := p.Setup(); err == nil || !strings.Contains(err.Error(), "preset x: ") || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.settings, err, c.says)
		}
	}
}

func TestEveryConfidenceHasAMeaning(t *testing.T) {
	for _, c := range Confidences() {
		if c.Meaning() == "" {
			t.Errorf("%s means nothing", c)
		}
	}
}

var update = flag.Bool("update", false, "write PRESETS.md anew")

// PRESETS.md is written from the presets: go test ./lossy/presets -update
func TestDocument(t *testing.T) {
	const name = "PRESETS.md"
	want := document(t)
	if *update {
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), want) {
		t.Errorf("%s is not what the presets say; go test ./lossy/presets -update", name)
	}
}

func document(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(`# Presets

Networks by name, for --preset of udplab proxy, chat and demo, and for the field
"preset" of the HTTP API. Written by go test ./lossy/presets -update.

A preset is the whole network: it replaces every setting of both directions, and
the NAT's. Flags and fields given beside it then change the result. Down is what
the service answers, up what clients send; 1 Mbit/s is 10^6 bits a second.

| confidence | meaning |
|---|---|
`)
	for _, c := range Confidences() {
		fmt.Fprintf(&b, "| %s | %s |\n", c, c.Meaning())
	}
	b.WriteString(`
Not here: the profiles of ITU-T G.1050 (TIA-921), Apple's LTE and Wi-Fi profiles,
the grid of RFC 8868. Their numbers could not be read, and numbers from memory
would carry a name that is not theirs.

Scenarios of quic-network-simulator are presets, too, written as there:

    --preset "simple-p2p --delay=15ms --bandwidth=10Mbps --queue=25"

`)
	fmt.Fprintf(&b, "Known: %s. Those with cross traffic are refused.\n", strings.Join(Scenarios(), ", "))
	source := ""
	for _, p := range All() {
		if p.Source != source {
			source = p.Source
			fmt.Fprintf(&b, "\n## %s\n\n| name | numbers | confidence | as flags |\n|---|---|---|---|\n", source)
		}
		s, err := p.Setup()
		if err != nil {
			t.Fatal(err)
		}
		names := strings.Join(append([]string{p.Name}, p.Aliases...), ", ")
		flags := "`" + strings.Join(s.Flags(), " ") + "`"
		if p.Scenario != nil {
			flags += " and the scenario `" + string(p.Scenario) + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", names, p.Numbers, p.Confidence, flags)
	}
	b.WriteString("\n## Notes\n\n")
	for _, p := range All() {
		if p.Notes != "" {
			fmt.Fprintf(&b, "- **%s** %s\n", p.Name, p.Notes)
		}
	}
	return b.Bytes()
}

// Whatever a preset sets acts on something from the beginning, or in the course of
// its timeline.
func TestNothingInAPresetIsInert(t *testing.T) {
	for _, p := range All() {
		setup, err := p.Setup()
		if err != nil {
			t.Fatal(err)
		}
		network := lossy.Config{Up: setup.Up, Down: setup.Down}
		if inert := network.Inert(); len(inert) > 0 && p.Scenario == nil {
			t.Errorf("%s: %v", p.Name, inert)
		}
	}
}
