package scenario

import (
	"encoding/json"
	"time"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// Change is what happens at one time of a scenario. Whoever drives a Player does
// it in the order of the fields, but for the settings, which Apply makes.
type Change struct {
	At   time.Duration // since the scenario began
	Step string        // its path, such as "steps.2.steps.0"; "" at the end

	Mark     string
	Reset    bool // back to the settings it began with: Apply does the profiles, the rest is the caller's
	Enabled  *bool
	Upstream string // HOST:PORT
	Blackout time.Duration
	Dark     [2]bool // the directions of the blackout
	Rebind   bool
	End      bool // the scenario is over; this is the last change

	base   *lossy.Config
	set    *settings.Edits
	text   json.RawMessage
	points []point
}

// point is a track's value.
type point struct {
	track *track
	value float64
}

// Sets says whether Apply does anything.
func (c *Change) Sets() bool { return c.Reset || c.set != nil || len(c.points) > 0 }

// Apply makes the change in the settings of a network. It leaves alone what the
// scenario does not name, whoever set it, and the seed. It fails only if the
// configuration has other settings than the scenario was started with, so that a
// value that names a file is not in force. The result is valid if nobody else
// changed the configuration; Validate tells.
func (c *Change) Apply(cfg *lossy.Config) error {
	if c.Reset {
		cfg.Up, cfg.Down = c.base.Up, c.base.Down
	}
	if c.set != nil {
		if err := c.set.Apply(cfg); err != nil {
			return err
		}
	}
	for _, p := range c.points {
		p.track.field.SetNumber(profile(cfg, p.track.direction), p.value)
	}
	return nil
}

func profile(cfg *lossy.Config, d lossy.Direction) *lossy.Profile {
	if d == lossy.Up {
		return &cfg.Up
	}
	return &cfg.Down
}

// Note is a Change as logs and tables have it, in the words of the format.
type Note struct {
	At       int64           `json:"at_ns"` // since the scenario began
	Step     string          `json:"step,omitempty"`
	Mark     string          `json:"mark,omitempty"`
	Reset    bool            `json:"reset,omitempty"`
	Enabled  *bool           `json:"enabled,omitempty"`
	Upstream string          `json:"upstream,omitempty"`
	Set      json.RawMessage `json:"set,omitempty"`  // as the step has it
	Move     any             `json:"move,omitempty"` // a point of ramps and waves: settings, common or under up and down
	Blackout *BlackoutNote   `json:"blackout,omitempty"`
	Rebind   bool            `json:"rebind,omitempty"`
	End      bool            `json:"end,omitempty"`
	Error    string          `json:"error,omitempty"` // why it could not be made
}

// BlackoutNote is the blackout of a Note.
type BlackoutNote struct {
	For       string `json:"for"`
	Direction string `json:"direction"` // up, down or both
}

// Note describes the change. It has no times but that of the scenario, so that two
// runs of it have the same notes.
func (c *Change) Note() Note {
	n := Note{At: int64(c.At), Step: c.Step, Mark: c.Mark, Reset: c.Reset, Enabled: c.Enabled,
		Upstream: c.Upstream, Set: c.text, Rebind: c.Rebind, End: c.End}
	if c.Blackout > 0 {
		n.Blackout = &BlackoutNote{For: c.Blackout.String(), Direction: "both"}
		if !c.Dark[lossy.Down] {
			n.Blackout.Direction = lossy.Up.String()
		} else if !c.Dark[lossy.Up] {
			n.Blackout.Direction = lossy.Down.String()
		}
	}
	if len(c.points) > 0 {
		n.Move = c.moves()
	}
	return n
}

// moves has the values of all points by name, those of one direction under its own.
func (c *Change) moves() map[string]any {
	texts := [2]map[string]string{{}, {}}
	for _, p := range c.points {
		var scratch lossy.Profile
		p.track.field.SetNumber(&scratch, p.value)
		texts[p.track.direction][p.track.field.Name] = p.track.field.Get(&scratch)
	}
	moves := make(map[string]any)
	for name, value := range texts[lossy.Up] {
		if texts[lossy.Down][name] == value {
			moves[name] = value
			delete(texts[lossy.Up], name)
			delete(texts[lossy.Down], name)
		}
	}
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		if len(texts[d]) > 0 {
			moves[d.String()] = texts[d]
		}
	}
	return moves
}
