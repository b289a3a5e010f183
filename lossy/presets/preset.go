package presets

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Preset is a network by name. It is a plain value, not to be changed.
type Preset struct {
	Name    string   `json:"name"` // lower case, dashes and dots
	Aliases []string `json:"aliases,omitempty"`
	Title   string   `json:"title"`

	// Settings is a JSON object in the words of the API: of the network, with
	// "up" and "down", and "nat-timeout" and "rebind-every".
	Settings json.RawMessage `json:"settings"`

	// Scenario is what happens to the network from then on, nil = nothing: see
	// package scenario.
	Scenario json.RawMessage `json:"scenario,omitempty"`

	Numbers    string     `json:"numbers"` // as the source gives them
	Source     string     `json:"source"`
	Confidence Confidence `json:"confidence"`
	Notes      string     `json:"notes,omitempty"` // what the source does not say, or this network cannot do
}

// All returns every preset that has a name, in groups by source. The slice is
// the caller's.
func All() []Preset {
	return slices.Concat(choices(), timelines(), simulatorCases(), linkConditioner(), atc(), browsers(), webPageTest(), tools(), services())
}

// Names returns the names of All, without aliases.
func Names() []string {
	var names []string
	for _, p := range All() {
		names = append(names, p.Name)
	}
	return names
}

// Find returns the preset of a name or an alias, whatever its case, or the one
// that a scenario of quic-network-simulator describes. The error says what is
// wrong with the scenario, or which names are near.
func Find(text string) (Preset, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxText {
		return Preset{}, fmt.Errorf("a preset is a name or a scenario of at most %d characters", maxText)
	}
	name := strings.ToLower(text)
	for _, p := range All() {
		if p.Name == name || slices.Contains(p.Aliases, name) {
			return p, nil
		}
	}
	if words := strings.Fields(text); len(words) > 0 && isScenario(words[0]) {
		return fromScenario(words)
	}
	return Preset{}, &NotFoundError{Name: text, Near: near(name)}
}

// maxText is the longest text that Find looks at.
const maxText = 4096

// NotFoundError is why Find has nothing.
type NotFoundError struct {
	Name string
	Near []string // names that may have been meant, nearest first
}

// Error implements error.
func (e *NotFoundError) Error() string {
	if len(e.Near) > 0 {
		return fmt.Sprintf("%q is no preset: did you mean %s?", e.Name, strings.Join(e.Near, ", "))
	}
	return fmt.Sprintf("%q is no preset", e.Name)
}
