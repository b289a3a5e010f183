package control

import (
	"errors"
	"fmt"
	"net/http"

	"udplab/lossy/presets"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// PresetReport is a preset as GET /presets/{name} shows it.
type PresetReport struct {
	presets.Preset
	Flags []string `json:"flags"` // of udplab proxy that say the same
}

// ReportPreset describes a preset that presets.Find or presets.All returned.
func ReportPreset(p presets.Preset) PresetReport {
	setup, err := p.Setup()
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return PresetReport{p, setup.Flags()}
}

// PresetsReport is what GET /presets answers.
type PresetsReport struct {
	Schema      string                        `json:"schema"`
	Confidences map[presets.Confidence]string `json:"confidences"` // what each means
	Scenarios   []string                      `json:"scenarios"`   // of quic-network-simulator, that take parameters
	Presets     []PresetReport                `json:"presets"`
}

// ReportPresets describes all presets.
func ReportPresets() PresetsReport {
	r := PresetsReport{Schema: "udplab/presets/v1", Confidences: make(map[presets.Confidence]string), Scenarios: presets.Scenarios()}
	for _, c := range presets.Confidences() {
		r.Confidences[c] = c.Meaning()
	}
	for _, p := range presets.All() {
		r.Presets = append(r.Presets, ReportPreset(p))
	}
	return r
}

func listPresets(w http.ResponseWriter, _ *http.Request) { answer(w, ReportPresets()) }

// showPreset answers with the preset of a name, or of a scenario with parameters,
// which stands in the path as URLs have it.
func showPreset(w http.ResponseWriter, r *http.Request) {
	p, err := presets.Find(r.PathValue("name"))
	if _, unknown := errors.AsType[*presets.NotFoundError](err); unknown {
		refuse(w, http.StatusNotFound, fmt.Errorf("%w; GET /presets lists them", err))
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	answer(w, struct {
		Schema string `json:"schema"`
		PresetReport
	}{"udplab/preset/v1", ReportPreset(p)})
}

// addPreset has a document begin with a network by name, wherever in the object
// the name stands.
func (d *document) addPreset(m settings.Member) error {
	return text(m, func(name string) error {
		p, err := presets.Find(name)
		if err != nil {
			return err
		}
		setup, err := p.Setup()
		if err != nil {
			return err
		}
		d.preset = &setup
		d.presetTimeline, err = p.Timeline()
		return err
	})
}

// settlePreset has the document play what its preset does, unless it says itself
// what is to be played: a preset without a timeline ends the one that is at play.
func (d *document) settlePreset() {
	if d.preset != nil && !d.given["scenario"] {
		d.scenario, d.given["scenario"] = d.presetTimeline, true
	}
}

// applyPreset replaces the whole network, and the NAT. What is not of the
// network stays: the seed, a blackout of now, whether it is enabled.
func (d *document) applyPreset(s *state) {
	if d.preset == nil {
		return
	}
	s.Network.Up, s.Network.Down = d.preset.Up, d.preset.Down
	s.NAT = proxy.NAT{Timeout: d.preset.NATTimeout, RebindEvery: d.preset.RebindEvery}
}

// beginPreset is the second half of a PATCH with a preset: what was played ends,
// whatever it changed meanwhile is as the document has it, and the preset's own
// timeline, if it has one, begins.
func (f *Fleet) beginPreset(name string, d *document) error {
	p := f.Proxy(name)
	if p == nil {
		return nil // it has gone already
	}
	if b := p.Playback(); b != nil {
		b.Stop()
		if err := f.change(name, d); err != nil {
			return err
		}
	}
	if d.scenario == nil {
		return nil
	}
	_, err := f.Play(name, d.scenario)
	return settings.Within("scenario", err)
}
