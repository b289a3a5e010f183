package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A chat replays a log as the proxy does, and captures what it sends: the second
// conversation loses the same lines, whatever its own seed and loss.
func TestChatReplaysAndCaptures(t *testing.T) {
	const lines = 40
	folder := t.TempDir()
	first, second, pcap := filepath.Join(folder, "first"), filepath.Join(folder, "second"), filepath.Join(folder, "f.pcapng")
	talk := func(flags ...string) *runningChat {
		t.Helper()
		reader := startChat(t, "--mode", "raw", "--text", "--listen", "127.0.0.1:0", "--peer", freeUDP(t).String())
		speaker := startChat(t, append([]string{"--mode", "raw", "--text", "--listen", "127.0.0.1:0", "--peer", reader.address().String()}, flags...)...)
		for i := range lines {
			speaker.say(fmt.Sprint(i))
		}
		if code := speaker.endInput(); code != exitOK {
			t.Fatalf("exit code %d; stderr\n%s", code, speaker.stderr)
		}
		reader.signals <- os.Interrupt
		reader.exit()
		return speaker
	}
	talk("--up-loss", "30%", "--seed", "1", "--log", first)
	again := talk("--replay", first, "--seed", "99", "--up-loss", "80%", "--log", second, "--pcap", pcap)
	again.waitStderr(fmt.Sprintf("replayed %d of %d decisions; 0 datagrams came beyond the log", lines, lines))
	want, got := droppedIn(t, first), droppedIn(t, second)
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("the replay dropped %v, and the run %v", got, want)
	}
	again.waitStderr(fmt.Sprintf("%d packets in %s", 2*lines-len(want), pcap))
	file, err := os.ReadFile(pcap)
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range want {
		if !bytes.Contains(file, fmt.Appendf(nil, "dropped: loss, index %d, flow 0", index)) {
			t.Errorf("the capture does not say that %d was dropped", index)
		}
	}
}

// droppedIn lists the indices that a log says were dropped on the way up.
func droppedIn(t *testing.T, log string) (dropped []uint64) {
	t.Helper()
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var d struct {
			Dir, Drop string
			Index     uint64
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if d.Dir == "up" && d.Drop != "" {
			dropped = append(dropped, d.Index)
		}
	}
	return dropped
}
