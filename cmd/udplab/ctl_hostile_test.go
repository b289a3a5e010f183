package main

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"
)

// H8: whatever an API answers, in names, values, errors and events, nothing of it
// moves the terminal: no control character, and nothing that turns the direction
// of writing.
func TestH8_NoAnswerMovesTheTerminal(t *testing.T) {
	evil := `\u001b[2J\u001b]0;title\u0007\u202eback\r\u0000\u009b31m<script>` + strings.Repeat("x", 1<<10)
	dns := strings.ReplaceAll(`{"name":"EVIL","listen":"EVIL","upstream":"EVIL","protocol":"EVIL","enabled":true,"nat-timeout":"EVIL",
		"rebind-every":"EVIL","seed":1,"up":{"EVIL":"EVIL","loss":"EVIL"},"down":{"EVIL":"EVIL","loss":"EVIL"},"warnings":["EVIL"],
		"toxics":[{"name":"EVIL","type":"EVIL","stream":"EVIL","toxicity":1,"attributes":{"EVIL":"EVIL"}}]}`, "EVIL", evil)
	answers := map[string]string{
		"GET /proxies":                      `200 {"dns":` + dns + `,"` + evil + `":` + dns + `}`,
		"GET /proxies/dns":                  "200 " + dns,
		"PATCH /proxies/dns":                "200 " + dns,
		"GET /proxies/dns/scenario":         strings.ReplaceAll(`200 {"name":"EVIL","state":"EVIL","step":"EVIL","mark":"EVIL"}`, "EVIL", evil),
		"GET /presets":                      strings.ReplaceAll(`200 [{"name":"EVIL","title":"EVIL","numbers":"EVIL","source":"EVIL","confidence":"EVIL"}]`, "EVIL", evil),
		"GET /events":                       "200 " + "event: a\x1b[2J\ndata: \x1b[31m\xe2\x80\xae\n\n",
		"POST /proxies/dns/rebind":          `418 {"error":"` + evil + `","status":418}`,
		"GET /proxies/dns/flows?limit=1000": strings.ReplaceAll(`200 {"schema":"EVIL","name":"EVIL","total":1,"flows":[{"flow":"EVIL","client":"EVIL","overlays":["EVIL"]}]}`, "EVIL", evil),
	}
	for _, verb := range []string{"list", "inspect dns", "get dns loss", "set dns loss=1%", "toggle dns", "rebind dns",
		"scenario status dns", "preset", "events", "flows dns --limit 1000", "stats dns", "watch dns --count 1"} {
		for _, onTerminal := range []bool{false, true} {
			server := httptest.NewServer(&fakeAPI{answers: answers})
			d, stdout, stderr := testDeps(onTerminal, 80, map[string]string{"TOXIPROXY_URL": server.URL, "NO_COLOR": "1"})
			run(context.Background(), append([]string{"ctl"}, strings.Fields(verb)...), d)
			server.Close()
			shown := stdout.String() + stderr.String()
			if shown == "" {
				t.Errorf("ctl %s shows nothing", verb)
			}
			for _, r := range shown {
				if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
					t.Errorf("ctl %s, terminal %v: shows %q in %.200q", verb, onTerminal, r, shown)
					break
				}
			}
		}
	}
}
