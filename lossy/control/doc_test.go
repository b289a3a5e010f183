package control

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"udplab/lossy/control/access"
)

// The package doc is the reference of the API: what it names is there, and what
// is there it names.
func TestDocIsTheAPI(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	f := testFleet(t)
	h := NewHandler(f, access.Rules{})
	if status, body := send(t, h, "POST", "/proxies", `{"name":"p","upstream":":9","toxics":[{"name":"x","type":"latency"}]}`); status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	documented := make(map[string]bool)
	for _, line := range regexp.MustCompile(`(?m)^//\t(GET|POST|PUT|PATCH|DELETE) +(/\S*)  `).FindAllStringSubmatch(string(doc), -1) {
		method, path := line[1], line[2]
		documented[path] = true
		if method == "DELETE" {
			path = strings.NewReplacer("{name}", "nobody", "{toxic}", "nothing").Replace(path)
		} else {
			path = strings.NewReplacer("{name}", "p", "{toxic}", "x").Replace(path)
		}
		if strings.HasSuffix(path, "/events") {
			continue // it does not end
		}
		status, body := send(t, h, method, path, `{"nothing":"of the kind"}`)
		if status == 405 || strings.Contains(body, "no such path") {
			t.Errorf("the package doc has %s %s, the API has not: %d %s", method, line[2], status, body)
		}
	}
	source, err := os.ReadFile("handler.go")
	if err != nil {
		t.Fatal(err)
	}
	routes := regexp.MustCompile(`mux\.Handle\("(/[^"]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(routes) < 10 {
		t.Fatalf("found %d routes in handler.go, which is not how they are written any more", len(routes))
	}
	for _, route := range routes {
		if !documented[route[1]] {
			t.Errorf("the API has %s, the package doc has not", route[1])
		}
	}
	// The reference of toxics has every type and every attribute.
	for _, kind := range toxicTypes() {
		if !regexp.MustCompile(`(?m)^//\t` + kind.name + ` `).Match(doc) {
			t.Errorf("the package doc does not have the type %s", kind.name)
		}
	}
	for _, g := range settingGroups() {
		for _, field := range g.fields {
			if !regexp.MustCompile(`(?m)^//\t.*\b` + field + `\b`).Match(doc) {
				t.Errorf("the package doc does not have the attribute %s of %s", field, g.name)
			}
		}
	}
}

// The examples of the package doc are taken as they stand.
func TestDocExamples(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(doc), "\n//\t ", " ")
	example := func(begins string) string {
		t.Helper()
		found := regexp.MustCompile(`(?m)^//\t(` + regexp.QuoteMeta(begins) + `.*)$`).FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("no example begins with %s", begins)
		}
		return found[1]
	}
	f := testFleet(t)
	h := NewHandler(f, access.Rules{})
	for _, c := range []struct {
		method, path, begins string
		status               int
	}{
		{"POST", "/proxies", `{"name": "dns"`, 201},
		{"PATCH", "/proxies/dns", `{"loss": "20%"`, 200},
		{"DELETE", "/proxies/dns/toxics/latency_downstream", "", 204},
		{"POST", "/proxies/dns/toxics", `{"name": "slow"`, 200},
		{"PATCH", "/proxies/dns", `{"up": {"delay-distribution"`, 200},
	} {
		body := ""
		if c.begins != "" {
			body = strings.Replace(example(c.begins), "127.0.0.1:5300", "127.0.0.1:0", 1)
		}
		if status, answer := send(t, h, c.method, c.path, body); status != c.status {
			t.Errorf("%s %s %s: %d %s, want %d", c.method, c.path, body, status, answer, c.status)
		}
	}
}
