package configfile

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"udplab/cmd/internal/yamlfile"
	"udplab/lossy/settings"
)

// option knows api, and takes no value "bad".
func option(name, value string) error {
	switch {
	case name != "api" && name != "seed":
		return settings.ErrUnknownField
	case value == "bad":
		return errors.New("is bad")
	}
	return nil
}

func parse(t *testing.T, text string) (*File, error) {
	t.Helper()
	d, err := yamlfile.Parse("lab.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return Parse(d, option, []string{"api", "seed"})
}

func TestSeeds(t *testing.T) {
	f, err := parse(t, "seed: 5\napi: off\nproxies:\n- {name: a, upstream: '127.0.0.1:9', seed: 18446744073709551615}\n- {name: b, upstream: '127.0.0.1:9'}\n")
	if err != nil {
		t.Fatal(err)
	}
	if want := []Option{{"seed", "5"}, {"api", "off"}}; !slices.Equal(f.Options, want) || f.Len() != 2 {
		t.Errorf("options %v and %d proxies, want %v and 2", f.Options, f.Len(), want)
	}
	if _, err := f.Specs(nil); err != nil {
		t.Error(err)
	}
	if got, want := string(withMember(f.proxies[1], "seed", "7")), `{"seed":7,"name":"b","upstream":"127.0.0.1:9"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if hasMember(f.proxies[1], "seed") || !hasMember(f.proxies[0], "seed") {
		t.Error("the seed of a proxy that has one is not seen, or of one that has none")
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		yaml string
		want []string
	}{
		{"proxies: 5", []string{`lab.yaml:1:10: field "proxies": want a list of proxies, each beginning with a dash`}},
		{"proxies: {a: {upstream: x}}", []string{`lab.yaml:1:10: field "proxies": want a list of proxies, each beginning with a dash`}},
		{"- name: a", []string{"lab.yaml: want an object with the member proxies; see udplab config template"}},
		{"api: bad", []string{"lab.yaml: no proxies in it: they are a list, proxies; see udplab config template", `lab.yaml:1:6: field "api": is bad`}},
		{"proxies: [{name: a, upstream: '127.0.0.1:9', listen: 5}]\nap: x", []string{
			`lab.yaml:1:54: field "proxies.0.listen": address 5: missing port in address`, `lab.yaml:2:1: unknown field "ap", did you mean api?`}},
		{"proxies: [{name: a, upstream: '127.0.0.1:9', presett: lte, scenario: {steps: [{sett: {loss: 5%}}]}}]", []string{
			`lab.yaml:1:46: unknown field "proxies.0.presett", did you mean preset?`,
			`lab.yaml:1:80: unknown field "proxies.0.scenario.steps.0.sett", did you mean set?`}},
		// One fault of each member, and none that follows from another.
		{"proxies:\n- {name: a, upstream: '127.0.0.1:9', delay: 5x, jitter: 10ms}", []string{`lab.yaml:2:45: field "proxies.0.delay": "5x" is not a duration: write it like 20ms, 1.5s or 2m`}},
		{"proxies:\n- {name: a, upstream: '127.0.0.1:9'}\n- {name: a, upstream: '127.0.0.1:9'}", []string{`lab.yaml:3:10: field "proxies.1.name": "a" stands twice`}},
		{"proxies:\n- {name: a, upstream: '127.0.0.1:9', listen: ':0'}\n- {name: b, upstream: '127.0.0.1:9', listen: ':0'}", nil},
	} {
		_, err := parse(t, c.yaml)
		var got []string
		if faults, ok := errors.AsType[Faults](err); ok {
			for _, f := range faults {
				got = append(got, f.Error())
			}
		} else if err != nil {
			t.Errorf("%v is a %T", err, err)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s\n%s\nwant\n%s", c.yaml, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// However much is wrong, it is told in bounds.
func TestManyFaults(t *testing.T) {
	_, err := parse(t, "proxies: ["+strings.Repeat("{x: 1},", 1000)+"]")
	faults, _ := errors.AsType[Faults](err)
	if len(faults) != maxFaults || !strings.HasSuffix(err.Error(), "(and 99 more: see udplab config check)") {
		t.Errorf("%d faults, %v", len(faults), err)
	}
}

func TestLoad(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lab.yaml")
	if _, err := Load(name, option, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(name, []byte("a: ["), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(name, option, nil)
	if faults, ok := errors.AsType[Faults](err); !ok || len(faults) != 1 {
		t.Errorf("a file that is no YAML: %v", err)
	}
}

// Files that settings name are looked for beside the file that names them.
func TestFilesOfSettings(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "lab.yaml")
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("losses.csv", "0 1 1")
	write("bad.csv", "yes no")
	for _, c := range []struct{ model, want string }{
		{"trace:losses.csv", ""},
		{"trace:" + filepath.Join(dir, "losses.csv"), ""},
		{"trace:none.csv", "none.csv"},
		{"trace:bad.csv", `field "proxies.0.up.loss-model"`},
	} {
		write("lab.yaml", "proxies:\n- name: a\n  upstream: 127.0.0.1:9\n  up: {loss-model: '"+c.model+"'}\n")
		f, err := Load(name, option, nil)
		if c.want == "" {
			if err == nil {
				_, err = f.Specs(nil)
			}
			if err != nil {
				t.Errorf("%s: %v", c.model, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), name+":4:20: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want it to tell of %s", c.model, err, c.want)
		}
	}
}
