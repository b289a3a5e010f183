package yamlfile

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"udplab/lossy/settings"
)

const file = `# two networks
proxies:
  - name: quic   # the first
    upstream: 127.0.0.1:443
    up: {loss: 5%, "delay": 40ms}
  - name: "a.b"
    listen: :9100
    drop: size>1200
    flows:
      host.example: ann
    down:
      loss: 0.050
`

func parse(t *testing.T, text string) *Document {
	t.Helper()
	d, err := Parse("lab.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Members keep their order, numbers their digits.
func TestJSON(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{file, `{"proxies":[{"name":"quic","upstream":"127.0.0.1:443","up":{"loss":"5%","delay":"40ms"}},` +
			`{"name":"a.b","listen":":9100","drop":"size>1200","flows":{"host.example":"ann"},"down":{"loss":0.050}}]}`},
		{"z: 1\na: 2", `{"z":1,"a":2}`},
		{"{\n\t\"json\": [1, -2.50e3,\n\ttrue, null, \"\\u00e9\\n\\/\"]\n}", `{"json":[1,-2.50e3,true,null,"é\n/"]}`},
		{"[true, True, FALSE, yes, no, on, off, y]", `[true,true,false,"yes","no","on","off","y"]`},
		{"[null, ~, Null, 'null', '']", `[null,null,null,"null",""]`},
		{"a:\nb: ''", `{"a":null,"b":""}`},
		{"[18446744073709551615, 123456789012345678901234567890]", `[18446744073709551615,123456789012345678901234567890]`},
		{"[007, +5, -0, 0x1F, 0o17, 0b1, 1_000, 12:30, 2026-11-29]", `[7,5,-0,31,15,"0b1","1_000","12:30","2026-11-29"]`},
		{"[.5, 5., +.5, 1e9, 00.10, 1.e3, '5', e5, ., 1.2.3]", `[0.5,5,0.5,1e9,0.10,1e3,"5","e5",".","1.2.3"]`},
		{"a: |\n  two\n  lines\nb: >-\n  one\n  line\n", `{"a":"two\nlines\n","b":"one line"}`},
		{"just text", `"just text"`},
		{"\ufeffa: <&>\r\n", `{"a":"<&>"}`},
		{"a: \ufffd", `{"a":"` + "\ufffd" + `"}`},
	} {
		got := string(parse(t, c.yaml).JSON())
		if got != c.want {
			t.Errorf("%q reads as\n%s, want\n%s", c.yaml, got, c.want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%q reads as %s, which is no JSON", c.yaml, got)
		}
	}
}

// What YAML would take in one way or another is refused, at its place.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"", "lab.yaml: nothing in it"},
		{"# only a comment\n", "lab.yaml: nothing in it"},
		{"a: 1\n---\nb: 2\n", "lab.yaml: more than one document: write one file for each"},
		{"a: 1\n\"a\": 2\n", `lab.yaml:2:1: key "a" stands twice, first on line 1`},
		{"- a: &x 1\n- *x\n", "lab.yaml:1:6: anchors (&name) and aliases (*name) are refused: write the value out, in quotes if it begins with & or *"},
		{"a: &x [*x]\n", "lab.yaml:1:4: anchors (&name) and aliases (*name) are refused: write the value out, in quotes if it begins with & or *"},
		{"&x a: 1\n", "lab.yaml:1:1: anchors (&name) and aliases (*name) are refused: write the value out, in quotes if it begins with & or *"},
		{"a: 1\nb: !!str 5\n", "lab.yaml:2:4: tags such as !!str are refused: write the value alone, in quotes if it is a string"},
		{"a: !go/exec ls\n", "lab.yaml:1:4: tags such as !go/exec are refused: write the value alone, in quotes if it is a string"},
		{"a: 1\n5: b\n", "lab.yaml:2:1: key 5 is no string: put it in quotes"},
		{"true: b\n", "lab.yaml:1:1: key true is no string: put it in quotes"},
		{"? [a]\n: b\n", "lab.yaml:1:3: a key that is a list or an object"},
		{"a: .inf\n", "lab.yaml:1:4: .inf is no finite number: put it in quotes if it is a string"},
		{"a: " + strings.Repeat("1", 200), "lab.yaml:1:4: a number of more than 100 digits"},
		{"a: 0x" + strings.Repeat("1", 200), "lab.yaml:1:4: a number of more than 100 digits"},
		{strings.Repeat("[", 60) + strings.Repeat("]", 60), "lab.yaml:1:52: nested more than 50 deep"},
		{strings.Repeat("[", 20000), "lab.yaml:1:10001: no valid YAML: exceeded max depth of 10000 while increasing flow level"},
		{strings.Repeat("#", MaxBytes+1), "lab.yaml: larger than 256 KiB"},
		{"a:\n\tb: 1\n", "lab.yaml:2:1: no valid YAML: a tab: YAML indents with spaces"},
		{"a: b: c\n", "lab.yaml:1:5: no valid YAML: mapping values are not allowed in this context"},
		{"é: [1\nb: 2\n", "lab.yaml:2:2: no valid YAML: did not find expected ',' or ']' while parsing a flow sequence"},
		{"a: *x\n", "lab.yaml:1:4: no valid YAML: unknown anchor 'x' referenced"},
		{"a: 1\nb: \x01", "lab.yaml:2:4: a control character, U+0001"},
		{"a: é\xff", "lab.yaml:1:5: not UTF-8"},
		{"\xff\xfea\x00", "lab.yaml:1:1: not UTF-8"},
	} {
		_, err := Parse("lab.yaml", []byte(c.yaml))
		var fault *Fault
		if !errors.As(err, &fault) || err.Error() != c.want {
			t.Errorf("%.40q: %v, want %s", c.yaml, err, c.want)
		}
	}
}

func TestPosition(t *testing.T) {
	d := parse(t, file)
	for _, c := range []struct {
		path         string
		line, column int
	}{
		{"proxies.0.up.loss", 5, 16},
		{"proxies.0.up.delay", 5, 29},
		{"proxies.1.down.loss", 12, 13},
		{"proxies.1.flows.host.example", 10, 21}, // a name with a dot
		{"proxies.1", 6, 5},
		{"proxies", 3, 3},
		{"", 2, 1},
		// What is not there: the last that is.
		{"proxies.1.upstream", 6, 5},
		{"proxies.7.up.loss", 3, 3},
		{"proxies.0.na", 3, 5},
		{"proxies.0.up.loss.more", 5, 16},
		{"api", 2, 1},
	} {
		if line, column := d.Position(c.path); line != c.line || column != c.column {
			t.Errorf("%q stands at %d:%d, want %d:%d", c.path, line, column, c.line, c.column)
		}
	}
}

func TestError(t *testing.T) {
	d := parse(t, "up:\n  los: 5%\n  delay: 40\napi.x: 1\nwobble: 2\n")
	unknown := func(path string) error { return &settings.FieldError{Field: path, Err: settings.ErrUnknownField} }
	for _, c := range []struct {
		err  error
		want string
	}{
		{unknown("up.los"), `lab.yaml:2:3: unknown field "up.los", did you mean loss?`},
		{unknown("api.x"), `lab.yaml:4:1: unknown field "api.x", did you mean api?`},
		{unknown("wobble"), `lab.yaml:5:1: unknown field "wobble"`},
		{settings.Within("up.delay", errors.New("no unit")), `lab.yaml:3:10: field "up.delay": no unit`},
		{settings.Within("upstream", errors.New("is missing")), `lab.yaml:1:1: field "upstream": is missing`},
		{errors.New("nothing fits"), `lab.yaml: nothing fits`},
		{&Fault{"lab.yaml", 7, 8, errors.New("found before")}, `lab.yaml:7:8: found before`},
	} {
		if got := d.Error(c.err, "api", "proxies"); got.Error() != c.want {
			t.Errorf("%v, want %s", got, c.want)
		} else if !errors.As(got, new(*Fault)) {
			t.Errorf("%v is a %T", got, got)
		}
	}
	if err := d.Error(nil); err != nil {
		t.Errorf("no error became %v", err)
	}
	if err := d.Error(unknown("up.los")); !errors.Is(err, settings.ErrUnknownField) {
		t.Errorf("%v hides what it is", err)
	}
}

func TestRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lab.yaml")
	if _, err := Read(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(name, []byte("a: 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Read(name)
	if err != nil || string(d.JSON()) != `{"a":1}` || d.Name() != name {
		t.Errorf("%v, %v", d, err)
	}
	if err := os.Truncate(name, 1<<30); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(name); err == nil || !strings.HasSuffix(err.Error(), "larger than 256 KiB") {
		t.Errorf("a file of 1 GiB: %v", err)
	}
}

// Whatever is in a file: it is refused with a *Fault, or JSON that every reader
// takes, and every value of it has a place.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		file, `{"a": [1, -2.5e3, "\u00e9", null], "b": {"c": true}}`, "a: &x [*x]", "? [a]\n: b", "- 'it''s'\n- \"\\x41\"\n- |\n  x",
		"<<: {a: 1}\n0x1f: 2", "%YAML 1.2\n---\na: 1\n...\n", "[0o8, .e5, +, 1e999, 00]", "\ufeff{a: \u2028}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Parse("f", b)
		if err != nil {
			if !errors.As(err, new(*Fault)) {
				t.Fatalf("%v is a %T", err, err)
			}
			return
		}
		if !json.Valid(d.JSON()) {
			t.Fatalf("no JSON: %s", d.JSON())
		}
		again, err := Parse("f", d.JSON())
		if err != nil || string(again.JSON()) != string(d.JSON()) {
			t.Fatalf("%s reads again as %s, %v", d.JSON(), again.JSON(), err)
		}
		if line, column := d.Position("a.b.0"); line < 1 || column < 1 {
			t.Fatalf("position %d:%d", line, column)
		}
	})
}
