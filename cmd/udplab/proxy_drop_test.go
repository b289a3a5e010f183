package main

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"udplab/cmd/internal/classes"
	"udplab/lossy"
	"udplab/lossy/proxy"
)

// --drop class=ack,nth=3 takes one datagram of each direction of the flow of two
// reliable chats, a small one, and the chats repair it.
func TestDropTheThirdAck(t *testing.T) {
	const lines = 30
	reader := startChat(t, "--name", "bob", "--listen", "127.0.0.1:0")
	p := startProxyCommand(t, "--upstream", reader.address().String(), "--drop", "class=ack,nth=3")
	speaker := startChat(t, "--name", "ann", "--listen", "127.0.0.1:0", "--peer", p.address().String())
	// One after the other, so that acknowledgments have nothing to ride on.
	for _, c := range []struct{ from, to *runningChat }{{speaker, reader}, {reader, speaker}} {
		for i := range lines {
			c.from.say(fmt.Sprint(i))
			if _, text := c.to.nextLine(); text != fmt.Sprint(i) {
				t.Fatalf("line %d reads %q", i, text)
			}
		}
	}
	if code := speaker.endInput(); code != exitOK {
		t.Errorf("exit code %d; stderr\n%s", code, speaker.stderr)
	}
	reader.endInput()
	p.end()
	dropped := map[string]int{}
	for _, d := range p.decisions() {
		if d.Drop == "" {
			continue
		}
		dropped[d.Dir]++
		if d.Drop != "rule" || d.Rule != 1 || d.Size > 100 {
			t.Errorf("dropped %+v, want a small datagram by rule 1", d)
		}
	}
	if dropped["up"] != 1 || dropped["down"] != 1 {
		t.Errorf("dropped %v, want one each way", dropped)
	}
}

// And it is the third that only acknowledges: seen from beside the proxy.
func TestTheThirdAckIsTheOneDropped(t *testing.T) {
	reader := startChat(t, "--name", "bob", "--listen", "127.0.0.1:0")
	drop, err := lossy.ParseRules("class=ack,nth=3")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var class string // of the datagram that is being decided on
	var third []bool // of those that only acknowledge: dropped
	p, err := proxy.New(proxy.Config{
		Listen: "127.0.0.1:0", Upstream: reader.address().String(),
		Config: lossy.Config{Up: lossy.Profile{Drop: drop}}, // one direction, so that one goroutine decides
		Classify: func(b []byte) string {
			class = classes.Of(b)
			return class
		},
		Tracer: func(_ lossy.FlowKey, d lossy.Direction) func(time.Duration, int, lossy.Verdict) {
			if d == lossy.Down {
				return nil
			}
			return func(_ time.Duration, _ int, v lossy.Verdict) {
				mu.Lock()
				defer mu.Unlock()
				if gone := v.Drop == lossy.CauseRule; class == "ack" {
					third = append(third, gone)
				} else if gone {
					t.Errorf("a packet of class %s was dropped", class)
				}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	speaker := startChat(t, "--name", "ann", "--listen", "127.0.0.1:0", "--peer", p.Addr().String())
	speaker.waitStderr("bob is here")
	enough := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(third) >= 4
	}
	for i := 0; !enough(); i++ {
		if i == 500 {
			t.Fatal("500 lines brought no four acknowledgments")
		}
		reader.say(fmt.Sprint(i))
		if _, text := speaker.nextLine(); text != fmt.Sprint(i) {
			t.Fatalf("ann reads %q", text)
		}
	}
	reader.endInput() // who said nothing leaves after its peer
	speaker.endInput()
	mu.Lock()
	defer mu.Unlock()
	for i, gone := range third {
		if gone != (i == 2) {
			t.Errorf("acknowledgment %d dropped: %v", i+1, gone)
		}
	}
}
