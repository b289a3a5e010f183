package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeAPI answers as a proxy's API does, and remembers what it was asked.
type fakeAPI struct {
	mu      sync.Mutex
	asked   []string
	answers map[string]string // by method and path: status, space, body
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	what := r.Method + " " + r.URL.RequestURI()
	f.mu.Lock()
	f.asked = append(f.asked, strings.TrimSpace(what+" "+string(body)))
	answer, known := f.answers[what]
	f.mu.Unlock()
	if !known {
		answer = `404 {"error":"no such path, try GET /proxies","status":404}`
	}
	status, text, _ := strings.Cut(answer, " ")
	code := 0
	fmt.Sscan(status, &code)
	if strings.HasPrefix(text, "event:") || strings.HasPrefix(text, ":") {
		w.Header().Set("Content-Type", "text/event-stream")
	}
	w.WriteHeader(code)
	noon := time.Date(2026, 11, 29, 12, 0, 1, 0, time.Local) // events are shown in local time
	io.WriteString(w, strings.ReplaceAll(text, "TIME", noon.Format(time.RFC3339)))
}

const (
	oneProxy  = `200 {"dns":{"name":"dns","listen":"127.0.0.1:9100","upstream":"127.0.0.1:53","enabled":true,"toxics":[]}}`
	twoProxy  = `200 {"dns":{"name":"dns","listen":"127.0.0.1:9100","upstream":"127.0.0.1:53","enabled":true,"toxics":[]},` + "\"evil\\u001b[2J\":{\"name\":\"x\",\"listen\":\"a\",\"upstream\":\"b\",\"enabled\":false}}"
	someToxic = `200 {"name":"latency_downstream","type":"latency","stream":"downstream","toxicity":0.5,"attributes":{"latency":100,"jitter":20}}`
)

// What every verb asks the API, and what it makes of the answer.
func TestCtlVerbs(t *testing.T) {
	for _, c := range []struct {
		name    string
		args    string
		stdin   string
		answers map[string]string
		asked   string // the last request
		code    int
		stdout  string
		stderr  string
	}{
		{name: "list", args: "l", answers: map[string]string{"GET /proxies": twoProxy},
			stdout: "dns\t127.0.0.1:9100\t127.0.0.1:53\tenabled\t0\nevil[2J\ta\tb\tdisabled\t0\n"},
		{name: "no proxies", args: "list", answers: map[string]string{"GET /proxies": "200 {}"}, stderr: "no proxies\n"},
		{name: "which of two", args: "inspect", answers: map[string]string{"GET /proxies": twoProxy}, code: 2,
			stderr: "udplab ctl inspect: several proxies: dns, evil[2J; say which\n"},
		{name: "create", args: "create -u 127.0.0.1:53 dns up-loss=5% enabled=false --disabled=true -l :9100", code: 2,
			stderr: "udplab ctl create: enabled is given twice; give it by the flag alone\n"},
		{name: "create", args: "create -u 127.0.0.1:53 dns up.loss=5% drop=size>1 drop=nth=3 -l :9100",
			answers: map[string]string{"POST /proxies": `201 {"name":"dns","listen":"127.0.0.1:9100","upstream":"127.0.0.1:53","enabled":true}`},
			asked:   `POST /proxies {"drop":"size>1; nth=3","enabled":true,"listen":":9100","name":"dns","up":{"loss":"5%"},"upstream":"127.0.0.1:53"}`,
			stdout:  "dns\t127.0.0.1:9100\t127.0.0.1:53\n"},
		{name: "exists", args: "create -u 127.0.0.1:53 dns", code: 1,
			answers: map[string]string{"POST /proxies": `409 {"error":"proxy already exists: \"dns\"","status":409}`},
			stderr:  "udplab ctl create: proxy already exists: \"dns\"\n"},
		{name: "toggle", args: "toggle",
			answers: map[string]string{"GET /proxies": oneProxy, "GET /proxies/dns": `200 {"name":"dns","enabled":true}`,
				"PATCH /proxies/dns": `200 {"name":"dns","enabled":false}`},
			asked: `PATCH /proxies/dns {"enabled":false}`, stdout: "dns\tdisabled\n"},
		{name: "delete", args: "d a/b", answers: map[string]string{"DELETE /proxies/a%2Fb": "204 "},
			asked: "DELETE /proxies/a%2Fb", stderr: "deleted a/b\n"},
		{name: "delete which", args: "delete", code: 2, stderr: "udplab ctl delete: an argument is missing; say which proxy\n"},
		{name: "set", args: "set dns loss=5% --down-delay=40ms", code: 2,
			stderr: "udplab ctl set: unknown flag --down-delay; see udplab ctl set --help\n"},
		{name: "set", args: "set dns loss=5% down-delay=40ms ecn=on seed=18446744073709551615",
			answers: map[string]string{"PATCH /proxies/dns": `200 {"name":"dns","seed":18446744073709551615,"enabled":true,` +
				`"up":{"loss":"5%","delay":"0s","ecn":true,"mtu":0},"down":{"loss":"5%","delay":"40ms","ecn":true,"mtu":0}}`},
			asked:  `PATCH /proxies/dns {"down":{"delay":"40ms"},"ecn":true,"loss":"5%","seed":"18446744073709551615"}`,
			stdout: "seed\t18446744073709551615\nloss\t5%\t5%\ndelay\t0s\t40ms\necn\ttrue\ttrue\n"},
		{name: "set twice", args: "set dns loss=5% loss=6%", code: 2, stderr: "udplab ctl set: loss stands twice; give each setting once\n"},
		{name: "set unknown", args: "set dns up-los=5%", code: 1,
			answers: map[string]string{"PATCH /proxies/dns": `400 {"error":"unknown field \"up.los\"","status":400}`},
			stderr:  "udplab ctl set: unknown field \"up.los\"; did you mean loss?\n"},
		{name: "get unknown", args: "get los", code: 1,
			answers: map[string]string{"GET /proxies": oneProxy, "GET /proxies/dns": `200 {"name":"dns","up":{"loss":"5%"},"down":{"loss":"0%"}}`},
			stderr:  "udplab ctl get: unknown field \"los\"; did you mean loss?\n"},
		{name: "get", args: "get dns loss name", answers: map[string]string{"GET /proxies": twoProxy,
			"GET /proxies/dns": `200 {"name":"dns","up":{"loss":"5%"},"down":{"loss":"0%"}}`}, stdout: "name\tdns\nloss\t5%\t0%\n"},
		{name: "toxic add", args: "toxic add -t latency -a latency=100 dns -a jitter=20 -n slow --toxicity 0.5 -u",
			answers: map[string]string{"POST /proxies/dns/toxics": someToxic},
			asked:   `POST /proxies/dns/toxics {"name":"slow","type":"latency","stream":"upstream","toxicity":0.5,"attributes":{"jitter":20,"latency":100}}`,
			stdout:  "latency_downstream\tlatency\tdownstream\t0.5\tjitter=20 latency=100\n"},
		{name: "toxic add without", args: "t a -t timeout dns", answers: map[string]string{"POST /proxies/dns/toxics": someToxic},
			asked:  `POST /proxies/dns/toxics {"type":"timeout","stream":"downstream"}`,
			stdout: "latency_downstream\tlatency\tdownstream\t0.5\tjitter=20 latency=100\n"},
		{name: "toxic add no type", args: "t a dns", code: 2, stderr: "udplab ctl toxic add: no type given; say what the toxic does with --type, such as latency\n"},
		{name: "toxic add both", args: "t a -t latency -u -d dns", code: 2,
			stderr: "udplab ctl toxic add: --upstream and --downstream; a toxic is of one of them: add two\n"},
		{name: "toxicity", args: "t a -t latency --tox 1.5 dns", code: 2, stderr: "udplab ctl toxic add: --toxicity 1.5; give a share from 0 to 1\n"},
		{name: "toxic update", args: "t u -n slow -a latency=1.5e2 -a unit=ms dns", answers: map[string]string{"PATCH /proxies/dns/toxics/slow": someToxic},
			asked:  `PATCH /proxies/dns/toxics/slow {"attributes":{"latency":1.5e2,"unit":"ms"}}`,
			stdout: "latency_downstream\tlatency\tdownstream\t0.5\tjitter=20 latency=100\n"},
		{name: "toxic update nothing", args: "t u -n slow dns", code: 2,
			stderr: "udplab ctl toxic update: nothing to change; give --attribute KEY=VALUE or --toxicity\n"},
		{name: "toxic remove", args: "t r -n slow dns", answers: map[string]string{"DELETE /proxies/dns/toxics/slow": "204 "},
			asked: "DELETE /proxies/dns/toxics/slow", stderr: "removed slow of dns\n"},
		{name: "reset", args: "reset", answers: map[string]string{"POST /reset": "204 "}, asked: "POST /reset {}", stderr: "reset\n"},
		{name: "rebind", args: "rebind dns", answers: map[string]string{"POST /proxies/dns/rebind": `200 {"name":"dns","flows":3}`},
			asked: "POST /proxies/dns/rebind {}", stdout: "dns\t3 flows\n"},
		{name: "blackout", args: "blackout 3s --direction up", answers: map[string]string{"GET /proxies": oneProxy, "POST /proxies/dns/blackout": `200 {"name":"dns"}`},
			asked: `POST /proxies/dns/blackout {"direction":"up","for":"3s"}`, stderr: "dns: nothing passes for 3s\n"},
		{name: "blackout end", args: "blackout dns 0s", answers: map[string]string{"POST /proxies/dns/blackout": `200 {"name":"dns"}`},
			asked: `POST /proxies/dns/blackout {"direction":"both","for":"0s"}`, stderr: "dns: the blackout has ended\n"},
		{name: "blackout bare", args: "blackout 3", code: 2, stderr: "udplab ctl blackout: \"3\" has no unit: write it like 3ms or 3s; say how long, such as 3s; 0s ends one\n"},
		{name: "preset", args: "preset dns lte", answers: map[string]string{"PATCH /proxies/dns": `200 {"name":"dns","up":{"loss":"0%","delay":"50ms"},"down":{"loss":"0%","delay":"0s"}}`},
			asked: `PATCH /proxies/dns {"preset":"lte"}`, stdout: "delay\t50ms\t0s\n"},
		{name: "presets", args: "preset", answers: map[string]string{"GET /presets": `200 {"schema":"udplab/presets/v1","presets":[{"name":"lte","numbers":"50 ms","confidence":"sourced","up":{}},{"name":"dsl"}]}`},
			stdout: "lte\tsourced\t50 ms\ndsl\t\t\n"},
		{name: "flows", args: "flows dns --limit 1", answers: map[string]string{"GET /proxies/dns/flows?limit=1": `200 {"total":3,"flows":[{"flow":"ann","client":"127.0.0.1:5","port":40000,` +
			`"idle_seconds":1.25,"overlays":["slow"],"up":{"packets_in":7,"packets_out":6},"down":{"packets_in":5,"packets_out":4}}]}`},
			stdout: "ann\t127.0.0.1:5\t40000\t7\t6\t5\t4\t1.2s\tslow\n", stderr: "and 2 more, see --limit\n"},
		{name: "flows json", args: "flows dns -o json", answers: map[string]string{"GET /proxies/dns/flows?limit=100": `200 {"schema":"x","flows":[{"client":"127.0.0.1:5"}]}`},
			stdout: "{\n  \"schema\": \"udplab/proxy-flows/v1\",\n  \"flows\": [\n    {\n      \"client\": \"127.0.0.1:5\"\n    }\n  ]\n}\n"},
		{name: "scenario start", args: "scenario start dns -", stdin: "steps:\n  - at: 1s\n    set: {loss: 5%}\n",
			answers: map[string]string{"POST /proxies/dns/scenario": `200 {"schema":"x","name":"dns","running":true}`},
			asked:   `POST /proxies/dns/scenario {"steps":[{"at":"1s","set":{"loss":"5%"}}]}`, stdout: "name\tdns\nrunning\ttrue\n"},
		{name: "scenario refused", args: "scenario start dns -", stdin: "steps:\n  - at: 1s\n    set: {los: 5%}\n", code: 1,
			answers: map[string]string{"POST /proxies/dns/scenario": `400 {"error":"unknown field \"steps.0.set.los\"","status":400}`},
			stderr:  "udplab ctl scenario start: standard input:3:11: unknown field \"steps.0.set.los\", did you mean loss?\n"},
		{name: "scenario no YAML", args: "scenario start dns -", stdin: "steps: [\n", code: 2,
			stderr: "udplab ctl scenario start: standard input:2:1: no valid YAML: did not find expected node content while parsing a flow node\n"},
		{name: "scenario stop", args: "scenario stop dns --restore", answers: map[string]string{
			"DELETE /proxies/dns/scenario?restore=true": `200 {"schema":"x","proxy":"dns","state":"stopped","changes":3,"scenario":{"steps":[]}}`},
			asked: "DELETE /proxies/dns/scenario?restore=true", stdout: "proxy\tdns\nstate\tstopped\nchanges\t3\n"},
		{name: "scenario status", args: "scenario status dns", code: 1, answers: map[string]string{
			"GET /proxies/dns/scenario": `404 {"error":"scenario not found: none is played, POST one","status":404}`},
			stderr: "udplab ctl scenario status: scenario not found: none is played, POST one\n"},
		{name: "populate", args: "populate -", stdin: `[{"name": "dns", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:53"}]`,
			answers: map[string]string{"POST /populate": `201 {"proxies":[{"name":"dns","listen":"127.0.0.1:9100","upstream":"127.0.0.1:53","enabled":true}]}`},
			asked:   `POST /populate [{"name":"dns","listen":"127.0.0.1:0","upstream":"127.0.0.1:53"}]`, stdout: "dns\t127.0.0.1:9100\t127.0.0.1:53\tenabled\n"},
		{name: "populate refused", args: "populate -", stdin: "api: 127.0.0.1:8474\nproxies:\n  - name: dns\n    loss: lots\n", code: 1,
			answers: map[string]string{"POST /populate": `400 {"error":"field \"proxies.0.loss\": \"lots\" is no share","status":400}`},
			stderr:  "udplab ctl populate: standard input:4:11: field \"proxies.0.loss\": \"lots\" is no share\n"},
		{name: "populate list refused", args: "populate -", stdin: "- name: dns\n  loss: lots\n", code: 1,
			answers: map[string]string{"POST /populate": `400 {"error":"field \"proxies.0.loss\": \"lots\" is no share","status":400}`},
			stderr:  "udplab ctl populate: standard input:2:9: field \"0.loss\": \"lots\" is no share\n"},
		{name: "token", args: "list", code: 1, answers: map[string]string{"GET /proxies": `401 {"error":"token needed","status":401}`},
			stderr: "udplab ctl list: token needed; give the API's token with UDPLAB_API_TOKEN or --token-file\n"},
		{name: "another server", args: "list", code: 4, answers: map[string]string{"GET /proxies": "200 <html>"},
			stderr: "udplab ctl list: no API at URL: GET /proxies answers something other than JSON; is the proxy running, and is that its --api?\n"},
		{name: "another form", args: "list", code: 4, answers: map[string]string{"GET /proxies": "200 [1]"},
			stderr: "udplab ctl list: no API at URL: GET /proxies answers in another form than a proxy's API; is the proxy running, and is that its --api?\n"},
		{name: "events", args: "events dns --stats 1s", code: 4,
			answers: map[string]string{"GET /proxies/dns/events?stats=1s": "200 event: changed\ndata: {\"schema\":\"udplab/api-event/v1\",\"id\":\"x-1\",\"time\":\"TIME\",\"event\":\"changed\"," +
				"\"proxy\":\"dns\",\"details\":{\"fields\":{\"up.loss\":{\"was\":\"0%\",\"is\":\"5%\"},\"seed\":{\"was\":1,\"is\":2}}}}\n\n" +
				"event: late\ndata: {\"time\":\"TIME\",\"details\":{\"error\":\"too late\",\"n\":[1]}}\n\ndata: plain\x1b[2J\n\n"},
			stdout: "12:00:01 dns changed up.loss=0%->5% seed=1->2\n12:00:01 late error=\"too late\" n=[1]\nmessage plain[2J\n",
			stderr: "udplab ctl events: the API at URL ended the stream; the proxy may have ended\n"},
		{name: "events jsonl", args: "events -o jsonl", code: 4, answers: map[string]string{"GET /events": "200 : hello\n\ndata: {\ndata: \"a\":1}\n\n"},
			stdout: "{ \"a\":1}\n", stderr: "udplab ctl events: the API at URL ended the stream; the proxy may have ended\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := &fakeAPI{answers: c.answers}
			server := httptest.NewServer(api)
			defer server.Close()
			d, stdout, stderr := testDeps(false, 80, map[string]string{"TOXIPROXY_URL": server.URL, "UDPLAB_UPSTREAM": "127.0.0.1:99"})
			d.stdin = strings.NewReader(c.stdin)
			code := run(context.Background(), append([]string{"ctl"}, strings.Fields(c.args)...), d)
			if code != c.code || stdout.String() != c.stdout {
				t.Errorf("code %d, stdout\n%swant %d and\n%s", code, stdout, c.code, c.stdout)
			}
			if got := strings.ReplaceAll(stderr.String(), server.URL, "URL"); got != c.stderr {
				t.Errorf("stderr\n%swant\n%s", got, c.stderr)
			}
			if c.asked != "" && (len(api.asked) == 0 || api.asked[len(api.asked)-1] != c.asked) {
				t.Errorf("asked\n%s\nwant last\n%s", strings.Join(api.asked, "\n"), c.asked)
			}
		})
	}
}

func TestCtlToken(t *testing.T) {
	var saw string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		saw = r.Header.Get("Authorization")
		io.WriteString(w, "{}")
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("from file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args, stdin, env, want string
		code                   int
	}{
		{"", "", "", "", 0},
		{"", "", "from-env", "Bearer from-env", 0},
		{"--token-file -", "from-stdin\n", "from-env", "Bearer from-stdin", 0},
		{"--token-file -", " \n", "", "", 2},
		{"--token-file -", strings.Repeat("x", 5000), "", "", 1},
		{"--token-file " + file, "", "", "", 2}, // a space is in it
		{"--token-file " + file + ".not", "", "", "", 1},
	} {
		saw = ""
		d, _, stderr := testDeps(false, 80, map[string]string{"UDPLAB_API_TOKEN": c.env})
		d.stdin = strings.NewReader(c.stdin)
		code := run(context.Background(), append([]string{"ctl", "list", "--host", server.URL}, strings.Fields(c.args)...), d)
		if code != c.code || saw != c.want {
			t.Errorf("%s, %s: code %d and %q, want %d and %q; %s", c.args, c.env, code, saw, c.code, c.want, stderr)
		}
	}
}
