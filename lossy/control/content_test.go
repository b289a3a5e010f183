package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// A model in a file comes with its content wherever settings come: the API opens no
// file that a request names.
func TestContentThroughTheAPI(t *testing.T) {
	h, f := toxicAPI(t)
	const trace = `{"value":"trace:losses.csv","content":"1 0 0"}`
	do := func(method, path, body string, want int) string {
		t.Helper()
		status, answer := send(t, h, method, path, body)
		if status != want {
			t.Fatalf("%s %s %s: %d %s, want %d", method, path, body, status, answer, want)
		}
		return answer
	}
	refused := do("PATCH", "/proxies/p", `{"loss-model":"trace:losses.csv"}`, 400)
	var said struct{ Error string }
	if err := json.Unmarshal([]byte(refused), &said); err != nil ||
		said.Error != `field "loss-model": "trace:losses.csv" names a file, which is not opened here: send what is in it too, as {"value": ..., "content": ...}` {
		t.Errorf("refused with %s", refused)
	}

	do("PATCH", "/proxies/p", `{"up":{"loss-model":`+trace+`}}`, 200)
	model := f.Proxy("p").Config().Up.LossModel
	if model == nil || model.String() != "trace:losses.csv" || f.Proxy("p").Config().Down.LossModel != nil {
		t.Fatalf("the proxy has %+v", f.Proxy("p").Config())
	}
	// What GET shows may be sent back while it is in force.
	do("PATCH", "/proxies/p", `{"up":{"loss-model":"trace:losses.csv"},"down":{"loss":"1%"}}`, 200)

	// A toxic shows the content, so that it can be put anywhere; changing the rest of
	// it keeps that.
	do("POST", "/proxies/p/toxics", `{"name":"slow","type":"delay","attributes":{"delay-distribution":{"value":"cdf:d.csv","content":"5ms,1"}}}`, 200)
	do("PATCH", "/proxies/p/toxics/slow", `{"toxicity":0.5}`, 200)
	shows := do("GET", "/proxies/p/toxics/slow", "", 200)
	if !strings.Contains(shows, `"delay-distribution":{"value":"cdf:d.csv","content":"5ms,1"}`) {
		t.Errorf("the toxic is shown as %s", shows)
	}
	do("DELETE", "/proxies/p/toxics/slow", "", 204)
	do("POST", "/proxies/p/toxics", shows, 200)

	do("POST", "/proxies/p/scenario", `{"steps":[{"set":{"up":{"loss-model":`+trace+`}},"for":"1h"}]}`, 200)
	if is := f.Proxy("p").Config().Up.LossModel; is != model {
		t.Errorf("the scenario set %v, want the trace", is)
	}
}

// The same link trace, put again, changes nothing: its flows go on undisturbed.
func TestContentPutAgainIsNoChange(t *testing.T) {
	f := testFleet(t)
	h := NewHandler(f, anyone)
	state := `[{"name":"p","upstream":":9","link-trace":{"value":"lte","content":"0\n3\n3\n"}}]`
	var was *lossy.LinkTrace
	for i := range 2 {
		if status, body := send(t, h, "PUT", "/proxies", state); status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		is := f.Proxy("p").Config().Up.LinkTrace
		if is == nil || i > 0 && is != was {
			t.Errorf("put %d: the trace is %v, was %v", i, is, was)
		}
		was = is
	}
}

// The longest content that is taken fits into a request.
func TestLongestContentFits(t *testing.T) {
	h, _ := testAPI(t)
	trace := strings.Repeat("1234567\n", settings.MaxContent/8)
	body, err := settings.Marshal(map[string]any{"up": map[string]any{"link-trace": map[string]string{"value": "lte", "content": trace}}})
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := send(t, h, "PATCH", "/proxies/default", string(body)); status != 200 {
		t.Errorf("%d %s", status, answer)
	}
}

// Specs bring along all that they name, wherever it stands in them.
func TestBringSpecs(t *testing.T) {
	read := func(name string) ([]byte, error) {
		if name != "l" && name != "d" {
			return nil, errors.New(name + " is not there")
		}
		return map[string][]byte{"l": []byte("1 0"), "d": []byte("5ms,1")}[name], nil
	}
	const spec = `{"name":"p","upstream":":9","loss-model":"trace:l","down":{"delay-distribution":"cdf:d"},` +
		`"toxics":[{"name":"t","type":"loss","attributes":{"loss-model":"trace:l"}}],"scenario":{"steps":[{"set":{"loss-model":"trace:l"}}]}}`
	for _, state := range []string{"[" + spec + "]", `{"p":` + spec + "}"} {
		brought, err := BringSpecs([]byte(state), read)
		if err != nil {
			t.Fatal(err)
		}
		specs, err := ParseSpecs(brought)
		if err != nil {
			t.Fatalf("%s: %v", brought, err)
		}
		f := testFleet(t)
		if err := f.Put(specs); err != nil {
			t.Errorf("%s: %v", brought, err)
		}
		if n := strings.Count(string(brought), `"content":`); n != 4 {
			t.Errorf("%s has %d contents, want 4", brought, n)
		}
	}
	for state, want := range map[string]string{
		`[{"loss":"1%"},{"up":{"loss-model":"trace:x"}}]`:                            `field "proxies.1.up.loss-model": x is not there`,
		`{"p":{"toxics":[{},{"attributes":{"link-trace":"x"}}]}}`:                    `field "proxies.p.toxics.1.attributes.link-trace": x is not there`,
		`[{"scenario":{"steps":[{"loop":2,"steps":[{"set":{"link-trace":"x"}}]}]}}]`: `field "proxies.0.scenario.steps.0.steps.0.set.link-trace": x is not there`,
		`[7]`: `field "proxies.0": want a JSON object`,
		`7`:   "want a JSON object",
	} {
		if _, err := BringSpecs([]byte(state), read); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", state, err, want)
		}
	}
	// What is wrong otherwise is left to who reads it.
	for _, state := range []string{`[{"toxics":7,"scenario":null,"up":[],"loss-model":[]}]`, `[{"toxics":[{"attributes":7}],"scenario":[]}]`} {
		if got, err := BringSpecs([]byte(state), read); err != nil || string(bytes.TrimSpace(got)) != state {
			t.Errorf("%s: %s, %v", state, got, err)
		}
	}
}
