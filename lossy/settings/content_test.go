package settings

import (
	"errors"
	"os"
	"strings"
	"testing"

	"udplab/lossy"
)

// bring is a member with a content.
func bring(t *testing.T, name, value, content string) Member {
	t.Helper()
	b, err := Marshal(map[string]string{"value": value, "content": content})
	if err != nil {
		t.Fatal(err)
	}
	return Member{name, b}
}

// Every model that is in a file can be brought along: it is the one that the
// file would have made, and is read once for any number of applications.
func TestContentIsTheFile(t *testing.T) {
	for _, c := range []struct{ name, value, content, other string }{
		{"loss-model", "trace:losses.csv", "0 1 # <&>\n", "1 1"},
		{"link-trace", "lte.up", "1\n3\n", "2\n3\n"},
		{"delay-distribution", "table:pareto.dist", "8192 -8192", "0"},
		{"delay-distribution", "cdf:delays.csv", "1ms,50%\n2ms,1", "1ms,60%\n2ms,1"},
		{"delay-distribution", "trace:delays.csv", "1ms 2ms", "1ms"},
	} {
		var want lossy.Profile
		f := fieldNamed(t, c.name)
		if err := f.SetFrom(&want, c.value, func(string) ([]byte, error) { return []byte(c.content), nil }); err != nil {
			t.Fatal(err)
		}
		var e Edits
		if err := e.Add(bring(t, c.name, c.value, c.content)); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var first, second lossy.Config
		for _, config := range []*lossy.Config{&first, &second} {
			if err := e.Apply(config); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		same := want.LinkTrace.Equal(first.Up.LinkTrace) && want.LossModel == first.Up.LossModel && want.Distribution == first.Up.Distribution
		if !same || first != second || first.Up != first.Down {
			t.Errorf("%s is %+v and %+v, want %+v", c.name, first, second, want)
		}
		if got := f.Get(&first.Up); got != c.value {
			t.Errorf("%s is shown as %q, want %q", c.name, got, c.value)
		}
		// The same once more, read anew, is the same network.
		was := first
		var again Edits
		if err := again.Add(bring(t, c.name, c.value, c.content)); err != nil {
			t.Fatal(err)
		}
		if err := again.Apply(&first); err != nil || first != was {
			t.Errorf("%s, brought again, is another: %+v, %v", c.name, first, err)
		}
		// Another content under the same name is another network.
		var other Edits
		if err := other.Add(bring(t, c.name, c.value, c.other)); err != nil {
			t.Fatal(err)
		}
		if err := other.Apply(&first); err != nil || first == was {
			t.Errorf("%s of another content is the same: %+v, %v", c.name, first, err)
		}
	}
}

func TestContentRefused(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"loss-model", `{"value":"trace:x","content":"0 2"}`, `field "loss-model": x, line 1`},
		{"link-trace", `{"value":"x","content":"3\n1"}`, `field "link-trace": x:2: 1 ms comes after 3 ms`},
		{"link-trace", `{"value":"none","content":"1"}`, `field "link-trace": "none" names no file`},
		{"loss-model", `{"value":"every:20","content":""}`, `field "loss-model": "every:20" names no file`},
		{"loss-model", `{"value":"trace:x"}`, `field "loss-model": want a string, or {"value": ..., "content": ...}`},
		{"loss-model", `{"value":"trace:x","content":7}`, `field "loss-model.content": want a string`},
		{"loss-model", `{"value":"trace:x","content":"0","encoding":"gzip"}`, `unknown field "loss-model.encoding"`},
		{"loss-model", `{"value":"trace:a\u001b[2J","content":"0"}`, `field "loss-model.value": want at most 1024 bytes, all of them printable`},
		{"loss-model", `{"value":"trace:` + strings.Repeat("x", MaxValue) + `","content":"0"}`, `field "loss-model.value": want at most`},
		{"loss-model", `{"value":"trace:x","content":"` + strings.Repeat("0", MaxContent+1) + `"}`, `field "loss-model.content": has 2097153 bytes: at most 2097152`},
		{"loss-model", `{"value":"trace:x","content":"0`, `field "loss-model.content": not valid JSON`},
		{"loss", `{"value":"5%","content":""}`, `want a string or a number`},
	} {
		var e Edits
		err := e.Add(Member{c.name, []byte(c.value)})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %.80s: %v, want %s", c.name, c.value, err, c.want)
		}
	}
}

// Who has the files brings what is in them; everything else stays as it was.
func TestBringAll(t *testing.T) {
	files := map[string]string{"a.csv": "0 1", "lte": "1\n", "bad": "x", "big": strings.Repeat("0", MaxContent+1)}
	read := func(name string) ([]byte, error) {
		switch content, known := files[name]; {
		case known:
			return []byte(content), nil
		case name == "theirs":
			return nil, lossy.ErrNamesFile
		}
		return nil, &os.PathError{Op: "open", Path: name, Err: os.ErrNotExist}
	}
	for _, c := range []struct{ object, want, fault string }{
		{`{"loss": "5%", "up": {"loss-model": "trace:a.csv"}, "enabled":true}`,
			`{"loss":"5%","up":{"loss-model":{"value":"trace:a.csv","content":"0 1"}},"enabled":true}`, ""},
		{`{"link-trace":"lte","loss-model":"every:3"}`, `{"link-trace":{"value":"lte","content":"1\n"},"loss-model":"every:3"}`, ""},
		{`{"link-trace":"none","up":7,"los":"x","loss-model":7}`, `{"link-trace":"none","up":7,"los":"x","loss-model":7}`, ""},
		{`{"link-trace":"theirs"}`, `{"link-trace":"theirs"}`, ""},
		{`{"link-trace":{"value":"x","content":"1"}}`, `{"link-trace":{"value":"x","content":"1"}}`, ""},
		{`{"down":{"link-trace":"gone"}}`, "", `field "down.link-trace": open gone: file does not exist`},
		{`{"link-trace":"bad"}`, "", `field "link-trace": bad:1: "x" is not a whole number of milliseconds`},
		{`{"loss-model":"trace:big"}`, "", `field "loss-model": "trace:big" has 2097153 bytes: at most 2097152 can be sent`},
	} {
		got, err := BringAll([]byte(c.object), read)
		if string(got) != c.want || errorText(err) != c.fault {
			t.Errorf("%s: %s, %v; want %s, %s", c.object, got, err, c.want, c.fault)
		}
		if err != nil {
			if _, ok := errors.AsType[*FieldError](err); !ok {
				t.Errorf("%s: %v is no FieldError", c.object, err)
			}
			continue
		}
		back, err := WithoutContent(got)
		if plain := strings.ReplaceAll(c.object, ": ", ":"); err != nil || !strings.Contains(c.object, "content") && string(back) != strings.ReplaceAll(plain, ", ", ",") {
			t.Errorf("%s without content: %s, %v", got, back, err)
		}
	}
}
