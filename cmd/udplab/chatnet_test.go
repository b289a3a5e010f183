package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The network before a chat changes while it runs, and what cannot be changed
// leaves it as it was.
func TestNetCommand(t *testing.T) {
	dir := t.TempDir()
	trace := filepath.Join(dir, "losses of a day.txt")
	if err := os.WriteFile(trace, []byte("1 0 0 0"), 0o666); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "decisions.jsonl")
	reader := startChat(t, "--mode", "raw", "--text", "--listen", "127.0.0.1:0", "--peer", freeUDP(t).String())
	speaker := startChat(t, "--mode", "raw", "--text", "--listen", "127.0.0.1:0", "--peer", reader.address().String(),
		"--loss", "0%", "--seed", "3", "--log", log)
	for _, line := range []string{
		"before",
		"/net up-loss=100%",
		"lost",
		"  /net up-loss=0% 'up-loss-model=trace:" + trace + "' down-delay=5ms",
		"two", // the packet of index 2 is kept
		"/net loss=150%",
		"/net los=5%",
		"/net 'up-loss",
		"three",
		"four", // and that of index 4 is not
		"/net none",
		"//net is a command",
		"/net up-drop='size>3; size>100' up-mtu=2",
		"gone",
		"/net",
	} {
		speaker.say(line)
	}
	for _, want := range []string{"before", "two", "three", "/net is a command"} {
		if _, got := reader.nextLine(); got != want {
			t.Fatalf("the reader has %q, want %q", got, want)
		}
	}
	if code := speaker.endInput(); code != exitFailed {
		t.Errorf("exit code %d, want that of commands that changed nothing; stderr\n%s", code, speaker.stderr)
	}
	said := speaker.waitStderr("3 /net lines of the input changed nothing")
	for _, want := range []string{
		`-- network up: loss 100%; down: perfect, seed 3`,
		`-- network up: loss trace:.*losses of a day.txt; down: delay 5ms, seed 3`,
		`warning: line 6: /net: field "loss": "150%" is out of range`,
		`warning: line 7: /net: no setting "los": did you mean loss\?`,
		`warning: line 8: /net: the quote ' is not closed`,
		`-- network each way: perfect, seed 3`,
		`-- network up: .*size>3; size>100.*; down: perfect, seed 3`,
		`-- +by mtu +1 +0\n`,
		`own network: 3 of 7 datagrams dropped on the way out`,
	} {
		if !regexp.MustCompile(want).MatchString(said) {
			t.Errorf("%q was not said in\n%s", want, said)
		}
	}
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	// Of the four changes the log has the settings that hold from then on.
	if notes := strings.Count(string(b), `{"changed":`); notes != 4 {
		t.Errorf("the log tells of %d changes, want 4:\n%s", notes, b)
	}
	reader.signals <- os.Interrupt
	reader.exit()
}

// In records a change is an event, with what holds then and what was done.
func TestNetCommandInRecords(t *testing.T) {
	c := startChat(t, "--mode", "raw", "--listen", "127.0.0.1:0", "--peer", freeUDP(t).String(), "--loss", "1%", "--seed", "8", "-o", "jsonl")
	c.say("/net up-delay=5ms")
	if is := c.network(); is.Seed != 8 || is.Up.Settings["delay"] != "5ms" || is.Up.Settings["loss"] != "1%" || is.Down.Settings["delay"] != "0s" {
		t.Errorf("the network is %+v", is)
	}
	c.signals <- os.Interrupt
	c.exit()
}

// Without a network from the beginning every piped line is text.
func TestNetIsTextInAPipe(t *testing.T) {
	a, b := chatPair(t, "127.0.0.1")
	lines := []string{"/net loss=100%", "//net", "/net"}
	for _, line := range lines {
		b.say(line)
	}
	for _, want := range lines {
		if _, got := a.nextLine(); got != want {
			t.Errorf("ann reads %q, want %q", got, want)
		}
	}
	b.endInput()
	if code := a.endInput(); code != exitOK {
		t.Errorf("ann's exit code %d; stderr\n%s", code, a.stderr)
	}
	if said := a.stderr.String() + b.stderr.String(); strings.Contains(said, "network") {
		t.Errorf("a network was told of that nobody asked for:\n%s", said)
	}
}

// On a terminal the command works without a network from the beginning.
func TestNetOnATerminal(t *testing.T) {
	for command, want := range map[string]string{
		"/net preset=wifi":                            "-- network ",
		"/net preset=nat-rebinding":                   "preset",
		"/net preset=wfii":                            "did you mean wifi",
		"/net drop=class=akc,nth=3":                   "did you mean ack?",
		"/net up-overhead=28":                         "-- warning: up: overhead has no effect",
		"/net rate=1mbit queue-discipline=red ecn=on": "-- warning: ecn has no effect here: a chat's own network sees no ECN marks",
		"/net jitter=10ms":                            "jitter 10ms",
		"/net loss-model=trace:no/such/file":          "no such file",
		"/net up.loss=5% delay=1ms delay=2ms":         "delay stands twice",
		"/net loss":                                   `"loss" is no setting`,
		"/net loss-model=netem:p=5%,correlation=25%":  "-- network ",
	} {
		c := startTerminalChat(t, "--mode", "raw", "--plain", "--listen", "127.0.0.1:0", "--peer", freeUDP(t).String())
		c.waitStderr("listening on")
		c.say(command)
		c.waitStderr(want)
		c.say("/quit")
		c.exit()
	}
}

func TestQuotedWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                          nil,
		"  ":                        nil,
		" a  b\tc ":                 {"a", "b", "c"},
		`x="1 2" 'y=3  4' z`:        {"x=1 2", "y=3  4", "z"},
		`"it's" 'say "so"' ""`:      {"it's", `say "so"`, ""},
		"loss=5%;delay grüße\u00a0": {"loss=5%;delay", "grüße\u00a0"},
	} {
		if got, err := quotedWords(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{`"`, `a "b`, `'"`} {
		if got, err := quotedWords(text); err == nil {
			t.Errorf("%q: %q, want a refusal", text, got)
		}
	}
	if argument, is := netCommand(" /net  x "); !is || argument != "x" {
		t.Errorf("a command with spaces around it is %v, %q", is, argument)
	}
	if _, is := netCommand("/network"); is {
		t.Error("/network is /net")
	}
}
