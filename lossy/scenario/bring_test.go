package scenario

import (
	"errors"
	"strings"
	"testing"

	"udplab/lossy"
)

// A scenario that brings its files along can be played by who cannot open them,
// and its notes do not repeat what is in them.
func TestBring(t *testing.T) {
	read := func(name string) ([]byte, error) {
		if name != "losses.csv" {
			return nil, errors.New(name + " is not there")
		}
		return []byte("1 0 0"), nil
	}
	text := `{"name": "traced", "steps": [{"set": {"up": {"loss-model": "trace:losses.csv"}, "down": {"delay": "5ms"}}, "for": "1s"},
		{"loop": 2, "steps": [{"set": {"loss-model": "none"}, "for": "1s"}, {"set": {"loss-model": "trace:losses.csv"}, "for": "1s"}]}]}`
	if _, err := mustParse(t, text).Start(lossy.Config{}); !errors.Is(err, lossy.ErrNamesFile) {
		t.Errorf("without the content: %v", err)
	}
	brought, err := Bring([]byte(text), read)
	if err != nil {
		t.Fatal(err)
	}
	player, err := mustParse(t, string(brought)).Start(lossy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var c lossy.Config
	change, _ := player.Take(0)
	if err := change.Apply(&c); err != nil || c.Up.LossModel == nil || c.Up.LossModel.String() != "trace:losses.csv" {
		t.Errorf("%v, %+v", err, c)
	}
	if note := string(change.Note().Set); note != `{"up":{"loss-model":"trace:losses.csv"},"down":{"delay":"5ms"}}` {
		t.Errorf("the note has %s", note)
	}
	again, err := Bring(brought, read)
	if err != nil || string(again) != string(brought) {
		t.Errorf("brought again it is %s, %v", again, err)
	}
	for text, want := range map[string]string{
		strings.Replace(text, "[{\"set\": {\"loss-model\": \"none\"", "[{\"set\": {\"loss-model\": \"trace:x\"", 1): `field "steps.1.steps.0.set.loss-model": x is not there`,
		`{"steps": [7]}`: `field "steps.0": want a JSON object`,
		`[]`:             "want a JSON object",
	} {
		if _, err := Bring([]byte(text), read); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if got, err := Bring([]byte(`{"steps":{},"until":"1s"}`), read); err != nil || string(got) != `{"steps":{},"until":"1s"}` {
		t.Errorf("what has no steps is %s, %v", got, err)
	}
}
