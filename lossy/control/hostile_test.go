package control

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"udplab/lossy/control/access"
	"udplab/lossy/proxy"
)

const secret = "correct-horse-battery-staple"

// H4: with a token every request needs it, reads too, and it is told why.
func TestH4_EveryPathNeedsTheToken(t *testing.T) {
	token, err := access.ParseToken(secret)
	if err != nil {
		t.Fatal(err)
	}
	open, p := testAPI(t)
	closed := guard(open, access.Rules{Token: token})
	for _, c := range []struct {
		why    string
		header map[string]string
		query  string
		want   int
	}{
		{"absent", nil, "", 401},
		{"wrong", map[string]string{"Authorization": "Bearer " + strings.Repeat("x", len(secret))}, "", 401},
		{"in the query", nil, "?access_token=" + secret, 401},
		{"right", map[string]string{"Authorization": "Bearer " + secret}, "", 200},
	} {
		for _, r := range []request{
			{method: "GET", path: "/proxies"}, {method: "GET", path: "/proxies/default"}, {method: "GET", path: "/ready"},
			{method: "PATCH", path: "/proxies/default", body: `{"seed":8}`},
		} {
			if r.method == "PATCH" && c.want == 200 {
				continue // the next case of this test would see it
			}
			r.header, r.path = c.header, r.path+c.query
			w := r.do(t, closed)
			if w.Code != c.want || (w.Header().Get("WWW-Authenticate") != "") != (c.want == 401) {
				t.Errorf("%s %s with the token %s: %d, %q", r.method, r.path, c.why, w.Code, w.Header().Get("WWW-Authenticate"))
			}
			if c.want == 401 {
				if text := refusal(t, w); strings.Contains(text, secret) {
					t.Errorf("the refusal tells the token: %s", text)
				}
			}
		}
		if c.want == 401 && p.Config() != before {
			t.Fatalf("with the token %s the proxy was changed", c.why)
		}
	}
	w := request{method: "PATCH", path: "/proxies/default", body: `{"seed":8}`, header: map[string]string{"Authorization": "Bearer " + secret}}.do(t, closed)
	if w.Code != 200 || p.Config().Seed != 8 {
		t.Errorf("with the token: %d, seed %d", w.Code, p.Config().Seed)
	}
}

// H6: a body that is small and means much, or nothing, costs next to no memory
// and is refused.
func TestH6_BodiesThatAreBombs(t *testing.T) {
	h, p := testAPI(t)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(make([]byte, 10<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	deep := func(open, shut string) string {
		n := (maxState - 20) / (len(open) + len(shut))
		return `{"up":` + strings.Repeat(open, n) + "0" + strings.Repeat(shut, n) + "}"
	}
	gzipped := map[string]string{"Content-Encoding": "gzip"}
	for _, c := range []struct {
		why, body string
		header    map[string]string
		want      int
	}{
		{"gzip", bomb.String(), gzipped, 415},
		{"gzip that does not say so", bomb.String(), nil, 400},
		{"plain JSON that says gzip", `{"loss":"50%"}`, gzipped, 415},
		{"deep arrays", deep("[", "]"), nil, 400},
		{"deep objects", deep(`{"up":`, "}"), nil, 400},
		{"arrays that never end", strings.Repeat("[", maxState), nil, 400},
		{"a name that never ends", `{"` + strings.Repeat("a", maxState-2), nil, 400},
		{"many members", "{" + strings.Repeat(`"loss":"1%",`, maxState/12-1) + `"loss":"1%"}`, nil, 400},
		{"an unknown field", `{"loss":"1%","lossy":"2%"}`, nil, 400},
		{"a huge number", `{"loss":1e` + strings.Repeat("9", 1000) + `}`, nil, 400},
		{"nothing", "", nil, 400},
		{"two values", `{"loss":"1%"}{"loss":"2%"}`, nil, 400},
		{"no UTF-8", "{\"loss\":\"\xff\xfe\"}", nil, 400},
	} {
		var was, is runtime.MemStats
		runtime.ReadMemStats(&was)
		w := request{method: "PATCH", path: "/proxies/default", body: c.body, header: c.header}.do(t, h)
		runtime.ReadMemStats(&is)
		if w.Code != c.want {
			t.Errorf("%s: %d %.200s, want %d", c.why, w.Code, w.Body, c.want)
		}
		if text := refusal(t, w); len(text) > maxError+10 {
			t.Errorf("%s: the error has %d bytes", c.why, len(text))
		}
		if used := is.TotalAlloc - was.TotalAlloc; used > 1<<20+16*uint64(len(c.body)) {
			t.Errorf("%s: %d bytes allocated for a body of %d", c.why, used, len(c.body))
		}
		if p.Config() != before {
			t.Fatalf("%s changed the proxy", c.why)
		}
	}
}

// strange are names that mean something to a browser, a terminal or a log.
var strange = []string{
	"<script>alert(1)</script>", "\u202eevil", "\x1b[2J\x1b]52;c;aGk=\x07", "a\r\nSet-Cookie: x=y", "\x00", "\u2028", "\xff\xfe",
	`"}{"`, strings.Repeat("x", 1<<20),
}

// H8: a name out of a request comes back as a JSON string, in data that no
// browser takes for a page, with nothing in it that acts on a terminal.
func TestH8_NamesComeBackEscaped(t *testing.T) {
	h, _ := testAPI(t)
	for _, name := range strange {
		for _, r := range []request{
			{method: "GET", path: "/proxies/" + url.PathEscape(name)},
			{method: "GET", path: "/" + url.PathEscape(name)},
			{method: "PATCH", path: "/proxies/default", body: `{"name":` + quoted(name) + `}`},
			{method: "PATCH", path: "/proxies/default", body: `{` + quoted(name) + `:1}`},
			{method: "PATCH", path: "/proxies/default", body: `{"loss":` + quoted(name) + `}`},
			{method: "GET", path: "/proxies", host: "x" + strings.ToValidUTF8(name, "")},
		} {
			w := r.do(t, h)
			if w.Code < 400 || w.Code > 499 {
				t.Errorf("%s %.60q with %.20q: %d", r.method, r.path, name, w.Code)
				continue
			}
			refusal(t, w)
			harmless(t, name, w.Body.String())
			if got := w.Header().Get("Content-Type") + w.Header().Get("X-Content-Type-Options"); got != "application/jsonnosniff" {
				t.Errorf("%.20q comes back as %s", name, got)
			}
			if w.Body.Len() > 4096 {
				t.Errorf("%s %.60q with %.20q: an answer of %d bytes", r.method, r.path, name, w.Body.Len())
			}
		}
	}
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// harmless wants nothing that acts on a terminal or on the order of reading.
func harmless(t *testing.T, name, body string) {
	t.Helper()
	for _, r := range strings.TrimSuffix(body, "\n") {
		if r < ' ' || r >= 0x7f && r <= 0x9f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			t.Errorf("%.20q comes back with %U raw: %.200q", name, r, body)
			return
		}
	}
}

// H10: odd methods find nothing to do, are told what there is, and leave
// nothing behind.
func TestH10_OddMethodsLeaveNothingBehind(t *testing.T) {
	h, p := testAPI(t)
	paths := []string{"/proxies", "/proxies/default", "/proxies/default/stats", "/proxies/default/rebind", "/ready"}
	was := p.Settings()
	goroutines := runtime.NumGoroutine()
	requests := 10_000
	if raceEnabled {
		requests = 1000
	}
	for i := range requests {
		path := paths[i%len(paths)]
		w := request{method: fmt.Sprintf("FOO%d", i), path: path}.do(t, h)
		if w.Code != 405 || w.Header().Get("Allow") == "" {
			t.Fatalf("FOO%d %s: %d, Allow %q", i, path, w.Code, w.Header().Get("Allow"))
		}
	}
	for _, method := range []string{"TRACE", "CONNECT", "OPTIONS", "get", "PROPFIND"} {
		for _, path := range paths {
			w := request{method: method, path: path}.do(t, h)
			if w.Code != 405 {
				t.Errorf("%s %s: %d, want 405", method, path, w.Code)
			}
			for name := range w.Header() {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s: %s is sent", method, path, name)
				}
			}
		}
	}
	if is := p.Settings(); is.Network != was.Network || is.Enabled != was.Enabled || p.Stats().Rebound != 0 {
		t.Error("an odd method changed the proxy")
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
}

// routes are the paths of the API, as its sources have them, of the proxy
// "default" and things of its that do not exist.
func routes(t *testing.T) (paths []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`mux\.Handle\("(/[^"]*)"`).FindAllSubmatch(source, -1) {
			path := strings.Replace(string(match[1]), "/proxies/{name}", "/proxies/default", 1)
			paths = append(paths, regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(path, "none"))
		}
	}
	if len(paths) < 12 {
		t.Fatalf("only %d routes found: the test does not see the API", len(paths))
	}
	return paths
}

// H3, H4: on no path does a GET change anything, or a request from another
// site, or one without the token, whatever its method and body.
func TestH3_NoRouteIsOpenToOthers(t *testing.T) {
	token, err := access.ParseToken(secret)
	if err != nil {
		t.Fatal(err)
	}
	f := testFleet(t)
	p, err := f.Add("default", proxy.Config{Listen: "127.0.0.1:0", Upstream: "127.0.0.1:9", Config: before, Disabled: true})
	if err != nil {
		t.Fatal(err)
	}
	open, closed := NewHandler(f, anyone), NewHandler(f, access.Rules{Token: token})
	state := func() string {
		b, err := json.Marshal(f.Reports())
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s %p %d", b, f.Proxy("default"), f.events.last)
	}
	was := state()
	bodies := []string{`{}`, `{"loss":"50%","enabled":true}`, `{"for":"1h"}`, `[]`, `{"name":"new","listen":"127.0.0.1:0","upstream":"127.0.0.1:9"}`,
		`{"type":"packet_loss","attributes":{"loss_rate":1}}`, `{"steps":[{"set":{"loss":"50%"}}]}`}
	plain := map[string]string{"Content-Type": "application/json"}
	crossSite := map[string]string{"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}
	otherOrigin := map[string]string{"Content-Type": "application/json", "Origin": "http://evil.example"}
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": "null", "User-Agent": "Mozilla/5.0"}
	for _, path := range routes(t) {
		for _, body := range bodies {
			for _, method := range []string{"GET", "HEAD"} {
				if strings.HasSuffix(path, "/events") {
					break // a stream, which does not end
				}
				request{method: method, path: path, body: body, header: plain}.do(t, open)
			}
			for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "FOO"} {
				for _, header := range []map[string]string{crossSite, otherOrigin, form} {
					if w := (request{method: method, path: path, body: body, header: header}).do(t, open); w.Code != 403 {
						t.Errorf("%s %s with %v: %d, want 403", method, path, header, w.Code)
					}
				}
				if w := (request{method: method, path: path, body: body, header: plain}).do(t, closed); w.Code != 401 {
					t.Errorf("%s %s without the token: %d, want 401", method, path, w.Code)
				}
			}
			if w := (request{method: "GET", path: path}).do(t, closed); w.Code != 401 {
				t.Errorf("GET %s without the token: %d, want 401", path, w.Code)
			}
		}
		if is := state(); is != was || p.Playback() != nil || p.Stats().Rebound != 0 {
			t.Fatalf("%s changed the proxies:\n%s\n%s", path, was, is)
		}
	}
}
