package control

import (
	"testing"

	"udplab/lossy/control/access"
)

// Client libraries of toxiproxy that call their JSON what forms are called are
// heard; whatever could be a browser is not.
func TestMediaTypes(t *testing.T) {
	const form, plain, clientGo = "application/x-www-form-urlencoded", "text/plain", "Go-http-client/1.1"
	for _, c := range []struct {
		why    string
		method string
		header map[string]string
		want   int
	}{
		{"toxiproxy's Go client saves so", "POST", map[string]string{"Content-Type": plain, "User-Agent": clientGo}, 200},
		{"toxiproxy's Java client, and curl -d", "POST", map[string]string{"Content-Type": form, "User-Agent": "curl/8.5.0"}, 200},
		{"nothing said", "POST", map[string]string{"User-Agent": "x"}, 200},
		{"a browser", "POST", map[string]string{"Content-Type": plain, "User-Agent": "Mozilla/5.0 (X11)"}, 415},
		{"a browser that says JSON", "POST", map[string]string{"Content-Type": "application/json", "User-Agent": "Mozilla/5.0 (X11)"}, 200},
		{"nobody", "POST", map[string]string{"Content-Type": plain}, 415},
		{"a page's address", "POST", map[string]string{"Content-Type": form, "User-Agent": "x", "Referer": "http://evil.example"}, 415},
		{"a page of our own origin", "POST", map[string]string{"Content-Type": form, "User-Agent": "x", "Origin": "http://127.0.0.1:8474"}, 415},
		{"a browser's hint", "POST", map[string]string{"Content-Type": form, "User-Agent": "x", "Sec-Ch-Ua": "y"}, 415},
		{"a cookie", "POST", map[string]string{"Content-Type": form, "User-Agent": "x", "Cookie": "a=b"}, 415},
		{"a form with a file", "POST", map[string]string{"Content-Type": "multipart/form-data; boundary=x", "User-Agent": "x"}, 415},
		{"something else", "POST", map[string]string{"Content-Type": "application/xml", "User-Agent": "x"}, 415},
		{"a method no form has", "PATCH", map[string]string{"Content-Type": plain, "User-Agent": "x"}, 415},
		{"a method no form has", "PUT", map[string]string{"Content-Type": plain, "User-Agent": "x"}, 415},
	} {
		h, p := testAPI(t)
		path, body := "/proxies/default", `{"loss":"50%","up":{"burst":0}}`
		if c.method == "PUT" {
			path, body = "/proxies", `[]`
		}
		w := request{method: c.method, path: path, body: body, header: c.header}.do(t, h)
		if w.Code != c.want || (c.want == 200) != (p.Config() != before) {
			t.Errorf("%s: %d %s, want %d", c.why, w.Code, w.Body, c.want)
		}
	}
	h, _ := testAPI(t)
	for _, c := range []struct {
		header map[string]string
		want   int
	}{
		{nil, 204},
		{map[string]string{"Content-Type": plain, "User-Agent": clientGo}, 204},
		{map[string]string{"Content-Type": plain, "User-Agent": "Mozilla/5.0"}, 415},
		{map[string]string{"Sec-Fetch-Site": "same-origin"}, 415},
		{map[string]string{"Content-Type": "application/json", "User-Agent": "Mozilla/5.0"}, 204},
	} {
		if w := (request{method: "POST", path: "/reset", header: c.header}).do(t, h); w.Code != c.want {
			t.Errorf("reset with %v: %d, want %d", c.header, w.Code, c.want)
		}
	}
}

func TestWholeStateMayBeLong(t *testing.T) {
	h := NewHandler(testFleet(t), access.Rules{})
	pad := make([]byte, maxState)
	for i := range pad {
		pad[i] = ' '
	}
	copy(pad, "[]")
	if status, body := send(t, h, "PUT", "/proxies", string(pad)); status != 200 {
		t.Errorf("the limit: %d %s", status, body)
	}
	if status, _ := send(t, h, "POST", "/populate", string(pad)+" "); status != 413 {
		t.Errorf("a byte over the limit: %d, want 413", status)
	}
}
