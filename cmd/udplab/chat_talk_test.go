package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"udplab/cmd/internal/chat"
	"udplab/lossy"
	"udplab/lossy/proxy"
)

// chatPair starts two chats that have each other as peer.
func chatPair(t *testing.T, listen string, args ...string) (a, b *runningChat) {
	t.Helper()
	a = startChat(t, append([]string{"--name", "ann", "--listen", listen + ":0"}, args...)...)
	b = startChat(t, append([]string{"--name", "bob", "--listen", listen + ":0", "--peer", a.address().String()}, args...)...)
	return a, b
}

// TestReliableChatOnSockets talks both ways over real sockets of both families.
// The one who was called needs no --peer.
func TestReliableChatOnSockets(t *testing.T) {
	for _, listen := range []string{"127.0.0.1", "[::1]"} {
		t.Run(listen, func(t *testing.T) {
			a, b := chatPair(t, listen)
			b.say("hi ann")
			if name, text := a.nextLine(); name != "bob" || text != "hi ann" {
				t.Errorf("ann reads %q of %q", text, name)
			}
			a.say("hi bob \x1b[2J\u202E")
			if name, text := b.nextLine(); name != "ann" || text != "hi bob [2J" {
				t.Errorf("bob reads %q of %q, want it cleaned", text, name)
			}
			if code := a.endInput(); code != exitOK {
				t.Errorf("ann's exit code %d", code)
			}
			b.waitStderr("-- ann left")
			if code := b.endInput(); code != exitOK {
				t.Errorf("bob's exit code %d", code)
			}
			if said := b.stderr.String(); !strings.Contains(said, "messages: 1 sent, 1 delivered, 1 received") {
				t.Errorf("bob's summary:\n%s", said)
			}
		})
	}
}

// TestPeerRestartsOnSockets at its address, and the chat goes on.
func TestPeerRestartsOnSockets(t *testing.T) {
	for _, mode := range []string{"raw", "reliable"} {
		t.Run(mode, func(t *testing.T) {
			own, peer := freeUDP(t).String(), freeUDP(t).String()
			a := startChat(t, "--mode", mode, "--name", "ann", "--listen", own, "--peer", peer)
			a.waitStderr("listening on")
			for i := range 2 {
				b := startChat(t, "--mode", mode, "--name", "bob", "--listen", peer, "--peer", own)
				b.waitStderr("-- ann is here")
				b.say(fmt.Sprint("run ", i))
				if _, text := a.nextLine(); text != fmt.Sprint("run ", i) {
					t.Errorf("ann reads %q", text)
				}
				if code := b.endInput(); code != exitOK {
					t.Errorf("bob's exit code %d", code)
				}
			}
			a.waitStderr("-- bob was restarted and is here again")
			a.signals <- os.Interrupt
			if code := a.exit(); code != exitOK {
				t.Errorf("ann's exit code %d; stderr\n%s", code, a.stderr)
			}
		})
	}
}

// throughProxy starts two chats, with the one who speaks behind a bad network.
func throughProxy(t *testing.T, mode string, bad lossy.Profile) (speaker, reader *runningChat, p *proxy.Proxy) {
	t.Helper()
	own := freeUDP(t).String()
	args := []string{"--mode", mode, "--name", "bob", "--listen", "127.0.0.1:0", "-o", "jsonl"}
	if mode == "raw" {
		args = append(args, "--peer", own) // reliable mode would find its way around the proxy
	}
	reader = startChat(t, args...)
	p, err := proxy.New(proxy.Config{Listen: "127.0.0.1:0", Upstream: reader.address().String(), Config: lossy.Config{Seed: 4, Up: bad, Down: bad}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return startChat(t, "--mode", mode, "--name", "ann", "--listen", own, "--peer", p.Addr().String()), reader, p
}

// records reads the events of a chat until one satisfies last.
func (c *runningChat) records(last func(chat.Record) bool) []chat.Record {
	c.t.Helper()
	var records []chat.Record
	for c.stdout.Scan() {
		var r chat.Record
		if err := json.Unmarshal(c.stdout.Bytes(), &r); err != nil || r.Schema != chat.RecordSchema {
			c.t.Fatalf("%s: %v", c.stdout.Text(), err)
		}
		records = append(records, r)
		if last(r) {
			return records
		}
	}
	c.t.Fatalf("the output ended early; stderr:\n%s", c.stderr)
	return nil
}

var badNetwork = lossy.Profile{Loss: 0.2, Delay: 5 * time.Millisecond, Reorder: 0.1, Duplicate: 0.1, Corrupt: 0.05}

// TestReliableModeRepairs what the proxy does: every line once and in order.
func TestReliableModeRepairs(t *testing.T) {
	speaker, reader, _ := throughProxy(t, "reliable", badNetwork)
	const lines = 100
	for i := range lines {
		speaker.say(fmt.Sprint(i))
	}
	next := 0
	reader.records(func(r chat.Record) bool {
		switch r.Event {
		case "receive":
			if r.Text != fmt.Sprint(next) {
				t.Errorf("line %q, want %d", r.Text, next)
			}
			next++
		case "lost", "late", "duplicate", "damaged":
			t.Errorf("%s in reliable mode", r.Event)
		}
		return next == lines
	})
	if code := speaker.endInput(); code != exitOK {
		t.Errorf("exit code %d; stderr\n%s", code, speaker.stderr)
	}
	if said := speaker.stderr.String(); !regexp.MustCompile(`-- line \d+ delivered, repaired after \d+ retransmit`).MatchString(said) {
		t.Errorf("no line was repaired:\n%s", said)
	}
	reader.signals <- os.Interrupt
	reader.exit()
}

// TestRawModeShowsTheDamage that the proxy does, and its account closes.
func TestRawModeShowsTheDamage(t *testing.T) {
	speaker, reader, p := throughProxy(t, "raw", badNetwork)
	const lines = 300
	for i := range lines {
		speaker.say(fmt.Sprint(i))
	}
	if code := speaker.endInput(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	for up := p.Stats().Up; up.PacketsReceived <= lines || up.Link.PacketsInFlight > 0; up = p.Stats().Up {
		time.Sleep(time.Millisecond)
	}
	seen := map[string]int{}
	// What the proxy let out may still wait in the reader's socket when it is
	// interrupted: half of it has been read before.
	read := 0
	records := reader.records(func(r chat.Record) bool {
		switch r.Event {
		case "receive", "late", "duplicate", "damaged":
			read++
		}
		return read == lines/2
	})
	reader.signals <- os.Interrupt
	records = append(records, reader.records(func(r chat.Record) bool { return r.Event == "summary" })...)
	for _, r := range records {
		seen[r.Event]++
		if r.Event == "lost" && r.Missing == 0 {
			t.Errorf("lost without saying how many")
		}
		if r.Event == "summary" && (r.Summary.Delivered != nil || r.Summary.Lost == 0) {
			t.Errorf("summary %+v, want losses and no claim of delivery", *r.Summary)
		}
	}
	for _, event := range []string{"receive", "lost", "late", "duplicate", "damaged"} {
		if seen[event] == 0 {
			t.Errorf("no %s among %v", event, seen)
		}
	}
	if code := reader.exit(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

// TestChatMetrics: the counters are where --metrics says, with their values.
func TestChatMetrics(t *testing.T) {
	for _, mode := range []string{"raw", "reliable"} {
		t.Run(mode, func(t *testing.T) {
			own, peer := freeUDP(t).String(), freeUDP(t).String()
			a := startChat(t, "--mode", mode, "--listen", own, "--peer", peer, "--metrics", "127.0.0.1:0")
			url := regexp.MustCompile(`http://\S+`).FindString(a.waitStderr("metrics http"))
			b := startChat(t, "--mode", mode, "--listen", peer, "--peer", own)
			a.waitStderr("is here")
			b.say("one")
			a.nextLine()
			// A hello or two, and a line.
			want := regexp.MustCompile(`(?m)^udplab_transport_delivered_messages_total{mode="` + mode + `"} [23]$`)
			if got := scrape(t, url); !want.MatchString(got) {
				t.Errorf("%s is missing in\n%s", want, linesWith(got, "messages_total"))
			}
			b.endInput()
			a.signals <- os.Interrupt
			a.exit()
		})
	}
}

func scrape(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", response.Status, err)
	}
	return string(b)
}

func linesWith(text, part string) string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "")
}
