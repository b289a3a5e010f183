package control

import (
	"net/http"
	"strings"
	"testing"
)

// netem's arithmetic is set in the words of the flags, GET warns of its true rates,
// and what GET said may be sent back.
func TestNetemThroughTheAPI(t *testing.T) {
	h, p := testAPI(t)
	ask := func(method, body string) string {
		t.Helper()
		w := (request{method: method, path: "/proxies/default", body: body}).do(t, h)
		if w.Code != http.StatusOK {
			t.Fatalf("%s %s: %d %s", method, body, w.Code, w.Body)
		}
		return w.Body.String()
	}
	got := ask(http.MethodPatch, `{"up":{"loss":"0%","burst":0,"loss-model":"netem:p=5%,correlation=25%","netem-compat":"on:limit=1000,delay=25%"}}`)
	if want := `"warnings":["up: netem's loss 5% 25% really loses 0.194%",`; !strings.Contains(got, want) {
		t.Errorf("%s lacks %s", got, want)
	}
	up := p.Config().Up
	if up.Netem.Limit != 1000 || !up.Netem.On || up.Netem.Delay != 0.25 {
		t.Errorf("netem-compat is %v", up.Netem)
	}
	if ask(http.MethodPatch, ask(http.MethodGet, "")); p.Config().Up != up {
		t.Errorf("sent back, up is %v", p.Config().Up)
	}
	for body, want := range map[string]string{
		`{"netem-compat":"yes"}`:               `field "netem-compat": "yes" is no way to replay netem`,
		`{"loss-model":"netem:p=5%,corr=25%"}`: `netem takes no corr, only p, correlation`,
		`{"warnings":5}`:                       `field "warnings": want a list of texts`,
	} {
		w := request{method: http.MethodPatch, path: "/proxies/default", body: body}.do(t, h)
		if w.Code != http.StatusBadRequest || !strings.Contains(refusal(t, w), want) {
			t.Errorf("%s: %d %s, want %s", body, w.Code, w.Body, want)
		}
	}
}
