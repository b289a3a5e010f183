package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// --loss and the rest impair a chat in its own process: two terminals are
// enough. Reliable mode repairs it.
func TestChatBehindItsOwnBadNetwork(t *testing.T) {
	bad := []string{"--loss", "15%", "--delay", "2ms", "--reorder", "10%", "--duplicate", "5%", "--corrupt", "5%", "--seed", "3"}
	a := startChat(t, append([]string{"--name", "ann", "--listen", "127.0.0.1:0"}, bad...)...)
	b := startChat(t, append([]string{"--name", "bob", "--listen", "127.0.0.1:0", "--peer", a.address().String()}, bad...)...)
	a.waitStderr("network each way: loss 15%, delay 2ms, reorder 10% by 3, duplicate 5%, corrupt 5%, seed 3")
	const lines = 40
	for i := range lines {
		b.say(fmt.Sprint("b", i))
		a.say(fmt.Sprint("a", i))
	}
	for i := range lines {
		if _, text := a.nextLine(); text != fmt.Sprint("b", i) {
			t.Fatalf("ann reads %q, want b%d", text, i)
		}
		if _, text := b.nextLine(); text != fmt.Sprint("a", i) {
			t.Fatalf("bob reads %q, want a%d", text, i)
		}
	}
	if code := b.endInput(); code != exitOK {
		t.Errorf("bob's exit code %d; stderr\n%s", code, b.stderr)
	}
	if code := a.endInput(); code != exitOK {
		t.Errorf("ann's exit code %d; stderr\n%s", code, a.stderr)
	}
}

// In raw mode the log names exactly the lines that are missing at the peer.
func TestChatLogNamesWhatIsMissing(t *testing.T) {
	const lines = 60
	log := filepath.Join(t.TempDir(), "decisions.jsonl")
	reader := startChat(t, "--mode", "raw", "--text", "--listen", "127.0.0.1:0", "--peer", freeUDP(t).String())
	speaker := startChat(t, "--mode", "raw", "--text", "--listen", "127.0.0.1:0", "--peer", reader.address().String(),
		"--up-loss", "30%", "--seed", "1", "--log", log)
	for i := range lines {
		speaker.say(fmt.Sprint(i))
	}
	if code := speaker.endInput(); code != exitOK {
		t.Errorf("exit code %d; stderr\n%s", code, speaker.stderr)
	}
	speaker.waitStderr(fmt.Sprintf("%d decisions in %s", lines, log))
	said := speaker.waitStderr("own network: ")
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for line := range strings.Lines(string(b)) {
		var d decision
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if d.Dir == "up" && d.Drop == "" {
			want = append(want, fmt.Sprint(d.Index))
		}
	}
	if len(want) == 0 || len(want) == lines {
		t.Fatalf("%d of %d lines passed: the comparison says nothing", len(want), lines)
	}
	if summary := fmt.Sprintf("own network: %d of %d datagrams dropped on the way out, 0 of 0 on the way in\n", lines-len(want), lines); !strings.Contains(said, summary) {
		t.Errorf("said\n%s\nwant %s", said, summary)
	}
	for _, text := range want {
		if _, got := reader.nextLine(); got != text {
			t.Fatalf("the reader has %q, the log says that %s is next", got, text)
		}
	}
	reader.signals <- os.Interrupt
	reader.exit()
}

func TestChatNetworkRefusals(t *testing.T) {
	for want, args := range map[string][]string{
		"--loss: \"5\" is ambiguous":                  {"--loss", "5"},
		"network: jitter 10ms":                        {"--jitter", "10ms"},
		"--log: open no/such/folder/x.jsonl":          {"--log", "no/such/folder/x.jsonl"},
		"rule 1, at 1: \"clas=ack\": is no condition": {"--drop", "clas=ack"},
	} {
		c := startChat(t, append([]string{"--listen", "127.0.0.1:0", "--peer", "127.0.0.1:9"}, args...)...)
		code := c.exit()
		if said := c.stderr.String(); code == exitOK || !strings.Contains(said, want) {
			t.Errorf("%v: code %d, %q, want %q", args, code, said, want)
		}
	}
}

// What the system says of the peer is heard through the network.
func TestNobodyThereBehindOwnNetwork(t *testing.T) {
	c := startChat(t, "--mode", "raw", "--listen", "127.0.0.1:0", "--peer", nobody, "--delay", "1ms")
	c.waitStderr("listening on")
	c.say("anybody?")
	c.waitStderr("nobody listens at " + nobody)
	c.endInput()
}

// No datagram of a chat's own network bears an ECN mark, so that --ecn is told to do
// nothing, once: where it lacks a queue that marks, that is what is told.
func TestChatSaysThatECNMarksNothing(t *testing.T) {
	const nothing = "warning: --ecn has no effect here: a chat's own network sees no ECN marks and drops; udplab proxy marks\n"
	const queueless = "warning: --ecn has no effect without --rate or --link-trace\n"
	for _, c := range []struct{ flags, want, not string }{
		{"--ecn --rate 50kbit --queue-discipline codel", nothing, "without"},
		{"--up-ecn --rate 50kbit --queue-discipline red", nothing, "without"},
		{"--ecn", queueless, "here"},
		{"--rate 50kbit --queue-discipline codel", "listening", "--ecn"},
	} {
		a := startChat(t, append(strings.Fields(c.flags), "--mode", "raw", "--listen", "127.0.0.1:0", "--peer", freeUDP(t).String())...)
		if said := a.waitStderr(c.want); strings.Contains(said, c.not) {
			t.Errorf("%s: it said\n%s", c.flags, said)
		}
		a.signals <- os.Interrupt
		a.exit()
	}
}
