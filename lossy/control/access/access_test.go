package access

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
)

const secret = "correct-horse-battery-staple"

func rules(t *testing.T, hosts ...string) Rules {
	t.Helper()
	token, err := ParseToken(secret)
	if err != nil {
		t.Fatal(err)
	}
	return Rules{Token: token, Hosts: hosts}
}

// H1: loopback, unless there is a token.
func TestH1_ListensOnLoopbackUnlessThereIsAToken(t *testing.T) {
	for _, c := range []struct {
		addr           string
		without, token bool // may be listened on
	}{
		{"127.0.0.1:0", true, true}, {":0", true, true}, {"[::1]:0", true, true}, {"localhost:0", true, true},
		{"127.9.9.9:0", true, true}, {"[::ffff:127.0.0.1]:0", true, true},
		{"0.0.0.0:0", false, true}, {"[::]:0", false, true},
	} {
		for _, r := range []struct {
			rules Rules
			may   bool
		}{{Rules{}, c.without}, {rules(t), c.token}} {
			l, err := r.rules.Listen(c.addr)
			if err == nil {
				if loopback := l.Addr().(*net.TCPAddr).IP.IsLoopback(); loopback != c.without {
					t.Errorf("%s is %v", c.addr, l.Addr())
				}
				l.Close()
			}
			if r.may != (err == nil) || !r.may && !errors.Is(err, ErrNotLoopback) {
				t.Errorf("%s with %v: %v, want %v", c.addr, r.rules.Token, err, r.may)
			}
		}
	}
	if _, err := (Rules{}).Listen("192.0.2.1:0"); !errors.Is(err, ErrNotLoopback) || !strings.Contains(err.Error(), "192.0.2.1:0") {
		t.Errorf("192.0.2.1: %v, want ErrNotLoopback with the address", err)
	}
	for _, addr := range []string{"8474", "127.0.0.1:port", "bad..host:1"} {
		if l, err := rules(t).Listen(addr); err == nil {
			l.Close()
			t.Errorf("%q was accepted", addr)
		}
	}
}

// H2: a name is one that was configured; an address is loopback or, with a
// token, that to which the connection was made.
func TestH2_Host(t *testing.T) {
	local := &net.TCPAddr{IP: net.ParseIP("192.0.2.7"), Port: 8474}
	for _, c := range []struct {
		host           string
		without, token bool
	}{
		{"localhost:8474", true, true}, {"127.0.0.1", true, true}, {"[::1]:1", true, true}, {"lab.example:1", true, true}, {"LAB.example", true, true},
		{"192.0.2.7:8474", false, true}, {"192.0.2.7", false, true}, {"[::ffff:192.0.2.7]:8474", false, true},
		{"192.0.2.8:8474", false, false}, {"evil.example", false, false}, {"", false, false}, {":8474", false, false},
		{"0.0.0.0", false, false}, {"192.0.2.7.nip.io", false, false}, {"localhost.", false, false}, {"[fe80::1%25lo]:1", false, false},
	} {
		req := httptest.NewRequest("GET", "/", nil)
		req = req.WithContext(context.WithValue(req.Context(), http.LocalAddrContextKey, net.Addr(local)))
		req.Host = c.host
		for _, r := range []struct {
			rules Rules
			heard bool
		}{{Rules{Hosts: []string{"lab.example"}}, c.without}, {rules(t, "lab.example"), c.token}} {
			status, err := r.rules.CheckHost(req)
			if heard := err == nil; heard != r.heard || !heard && status != 421 {
				t.Errorf("host %q with %v: %d %v, want heard: %v", c.host, r.rules.Token, status, err, r.heard)
			}
		}
	}
}

// H4: one bearer token, in the header and nowhere else.
func TestH4_Token(t *testing.T) {
	r := rules(t)
	for _, c := range []struct {
		why           string
		authorization []string
		target        string
		challenge     string // empty: heard
	}{
		{"right", []string{"Bearer " + secret}, "/", ""},
		{"any case of the scheme", []string{"bEARER  " + secret}, "/", ""},
		{"absent", nil, "/", `Bearer realm="udplab"`},
		{"wrong", []string{"Bearer " + secret + "x"}, "/", `Bearer realm="udplab", error="invalid_token"`},
		{"cut", []string{"Bearer " + secret[1:]}, "/", `Bearer realm="udplab", error="invalid_token"`},
		{"empty", []string{"Bearer "}, "/", `Bearer realm="udplab", error="invalid_token"`},
		{"long", []string{"Bearer " + strings.Repeat("x", 1<<16)}, "/", `Bearer realm="udplab", error="invalid_token"`},
		{"another scheme", []string{"Basic " + secret}, "/", `Bearer realm="udplab"`},
		{"bare", []string{secret}, "/", `Bearer realm="udplab"`},
		{"twice", []string{"Bearer " + secret, "Bearer " + secret}, "/", `Bearer realm="udplab"`},
		{"in the query", nil, "/?access_token=" + secret + "&token=" + secret, `Bearer realm="udplab"`},
	} {
		req := httptest.NewRequest("GET", c.target, nil)
		req.Header["Authorization"] = c.authorization
		w := httptest.NewRecorder()
		status, err := r.CheckToken(w, req)
		if (c.challenge == "") != (err == nil) || err != nil && status != 401 || w.Header().Get("WWW-Authenticate") != c.challenge {
			t.Errorf("%s: %d %v, challenge %q, want %q", c.why, status, err, w.Header().Get("WWW-Authenticate"), c.challenge)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error tells the token", c.why)
		}
	}
	if _, err := (&Rules{}).CheckToken(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)); err != nil {
		t.Errorf("without a token: %v", err)
	}
	if (Token{}).matches("") {
		t.Error("no token matches an empty one")
	}
}

func TestParseToken(t *testing.T) {
	for text, want := range map[string]string{
		secret:                                 "",
		strings.Repeat("a", MinToken):          "",
		strings.Repeat("a", MaxToken-2) + "==": "",
		strings.Repeat("a", MinToken-1):        "22 to 512 characters, this one 21",
		strings.Repeat("a", MaxToken+1):        "22 to 512 characters",
		"":                                     "22 to 512 characters",
		secret + " ":                           "letters, digits",
		secret + "\r\nX: y":                    "letters, digits",
		"=" + secret:                           "letters, digits",
		secret + "é":                           "letters, digits",
	} {
		token, err := ParseToken(text)
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) || token.Given() != (err == nil) {
			t.Errorf("%.30q: %v, want %q", text, err, want)
		}
		if err != nil && text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%.30q: the error tells the token", text)
		}
	}
	seen := make(map[string]bool)
	for range 1000 {
		text := NewToken()
		if _, err := ParseToken(text); err != nil || len(text) != 43 || seen[text] {
			t.Fatalf("a new token is %q: %v", text, err)
		}
		seen[text] = true
	}
}

// A token shows up in no log: nothing of it is kept.
func TestTokenIsNotPrinted(t *testing.T) {
	r := rules(t)
	for _, text := range []string{fmt.Sprint(r), fmt.Sprintf("%+v %#v %v", r, r, r.Token)} {
		if strings.Contains(text, secret) || strings.Contains(text, secret[:8]) {
			t.Errorf("printed as %s", text)
		}
	}
}

// Servers of this machine use it; it may cost them the standard library alone.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(out)); got != "udplab/lossy/control/access" {
		t.Errorf("depends on %q: it may use the standard library only, so that any server can have it", got)
	}
}
