package control

import "testing"

// H2: a page whose name was made to resolve to this machine (DNS rebinding) is
// told by its Host header.
func TestH2_HostsOfOthersAreRefused(t *testing.T) {
	h, _ := testAPI(t)
	for host, want := range map[string]int{
		"127.0.0.1:8474":         200,
		"127.0.0.1":              200,
		"127.9.9.9:1":            200,
		"localhost:8474":         200,
		"LOCALHOST":              200,
		"[::1]:8474":             200,
		"[::1]":                  200,
		"[::ffff:127.0.0.1]:80":  200,
		"lab.example:8474":       200, // configured
		"evil.example":           421,
		"evil.example:8474":      421,
		"127.0.0.1.nip.io:8474":  421,
		"localhost.evil.example": 421,
		"192.0.2.1:8474":         421,
		"0.0.0.0:8474":           421,
		"[::]:8474":              421,
		"notlab.example":         421,
		"127.0.0.1@evil.example": 421,
		"2130706433":             421,
	} {
		w := request{method: "GET", path: "/proxies", host: host}.do(t, h)
		if w.Code != want {
			t.Errorf("Host %q: %d, want %d", host, w.Code, want)
		}
		if want != 200 {
			refusal(t, w)
		}
	}
}

// H3: a page on another site cannot change anything (CSRF): not with a script, not
// with a form, not with an image.
func TestH3_CrossSiteRequestsChangeNothing(t *testing.T) {
	h, p := testAPI(t)
	patch := func(header map[string]string) request {
		return request{method: "PATCH", path: "/proxies/default", body: `{"loss":"50%"}`, header: header}
	}
	for _, c := range []struct {
		why  string
		req  request
		want int
	}{
		{"a browser says cross-site", patch(map[string]string{"Sec-Fetch-Site": "cross-site"}), 403},
		{"a browser says same-site, another port", patch(map[string]string{"Sec-Fetch-Site": "same-site"}), 403},
		{"an older browser gives another origin", patch(map[string]string{"Origin": "http://evil.example"}), 403},
		{"an opaque origin", patch(map[string]string{"Origin": "null"}), 403},
		{"text/plain, as a form can send", patch(map[string]string{"Content-Type": "text/plain"}), 415},
		{"a form", patch(map[string]string{"Content-Type": "application/x-www-form-urlencoded"}), 415},
		{"no content type", patch(map[string]string{"Content-Type": ""}), 415},
		{"a content type that only contains the right one", patch(map[string]string{"Content-Type": "text/plain; application/json"}), 415},
		{"compressed", patch(map[string]string{"Content-Encoding": "gzip"}), 415},
		{"a form that POSTs across sites", request{method: "POST", path: "/proxies/default", header: map[string]string{"Sec-Fetch-Site": "cross-site"}}, 403},
		{"GET with a body and the same words in the query", request{method: "GET", path: "/proxies/default?loss=50%25", body: `{"loss":"50%"}`}, 200},
	} {
		w := c.req.do(t, h)
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d", c.why, w.Code, c.want)
		}
		if c.want != 200 {
			refusal(t, w)
		}
		if p.Config() != before {
			t.Fatalf("%s changed the proxy", c.why)
		}
	}
	for _, header := range []map[string]string{
		{"Sec-Fetch-Site": "same-origin"},
		{"Origin": "http://127.0.0.1:8474"},
		{"Content-Type": "application/json; charset=utf-8"},
		nil, // curl
	} {
		if w := patch(header).do(t, h); w.Code != 200 {
			t.Errorf("own origin, %v: %d %s, want 200", header, w.Code, w.Body)
		}
	}
}

// H6: a body may have just so many bytes.
func TestH6_BodyLimit(t *testing.T) {
	h, p := testAPI(t)
	pad := func(size int) string { return padded(size, `{"loss":"50%"}`) }
	if w := (request{method: "PATCH", path: "/proxies/default", body: pad(maxState + 1)}).do(t, h); w.Code != 413 {
		t.Errorf("a byte over the limit: %d, want 413", w.Code)
	} else {
		refusal(t, w)
	}
	if p.Config() != before {
		t.Error("a body over the limit changed the proxy")
	}
	if w := (request{method: "PATCH", path: "/proxies/default", body: pad(maxState)}).do(t, h); w.Code != 200 {
		t.Errorf("a body of just the limit: %d, want 200", w.Code)
	}
	// Without settings it may have fewer.
	for size, want := range map[int]int{maxBody: 200, maxBody + 1: 413} {
		if w := (request{method: "POST", path: "/proxies/default/blackout", body: padded(size, `{"for":"1ms"}`), header: asJSON}).do(t, h); w.Code != want {
			t.Errorf("a body of %d bytes without settings: %d, want %d", size, w.Code, want)
		}
	}
}

// H7: whatever is answered, a browser takes it for nothing but data.
func TestH7_HeadersOfEveryAnswer(t *testing.T) {
	h, _ := testAPI(t)
	for _, r := range []request{
		{method: "GET", path: "/proxies"},
		{method: "GET", path: "/nothing"},
		{method: "GET", path: "/proxies", host: "evil.example"},
		{method: "PATCH", path: "/proxies/default", header: map[string]string{"Sec-Fetch-Site": "cross-site"}},
	} {
		w := r.do(t, h)
		for name, want := range map[string]string{
			"Content-Type":                "application/json",
			"X-Content-Type-Options":      "nosniff",
			"Cache-Control":               "no-store",
			"Content-Security-Policy":     "default-src 'none'; frame-ancestors 'none'",
			"Access-Control-Allow-Origin": "",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s %s answered %d with %s: %q, want %q", r.method, r.path, w.Code, name, got, want)
			}
		}
	}
}
