package control

import (
	"encoding/json"
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
