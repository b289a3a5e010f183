package proxy

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openFiles counts the descriptors of this process.
func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// A flow that has passed datagrams of the usual size holds 8 KiB at most.
func TestFlowsAreSmall(t *testing.T) {
	const flows, most = 1000, 8 << 10
	p := startProxy(t, Config{}, newAlarm(), echo(t, "127.0.0.1:0"))
	exchange(t, client(t, p), "what the proxy itself holds")
	before := memoryInUse()
	openFlows(t, p, flows, 1200)
	if each := (memoryInUse() - before) / flows; each > most {
		t.Errorf("a flow takes %d bytes, want at most %d", each, most)
	}
}

// fewFiles says to this test binary that it is to be the proxy of P2.
const fewFiles = "UDPLAB_TEST_FEW_FILES"

// P2: a process that may open 64 files serves as many clients as it can,
// counts the others, and takes them when there is room again.
func TestP2_FewDescriptors(t *testing.T) {
	if upstream := os.Getenv(fewFiles); upstream != "" {
		serveWithFewFiles(t, upstream)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestP2_FewDescriptors$")
	cmd.Env = append(os.Environ(), fewFiles+"="+echo(t, "127.0.0.1:0").String())
	cmd.Stderr = os.Stderr
	ask, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(answers)
	say := func(word string, into any) {
		t.Helper()
		fmt.Fprintln(ask, word)
		if !lines.Scan() {
			t.Fatalf("the proxy died: %v", cmd.Wait())
		}
		if err := json.Unmarshal(lines.Bytes(), into); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
	}
	var address string
	say("address", &address)

	const clients = 100
	first := dialText(t, address)
	exchange(t, first, "before the flood")
	var s struct {
		Flows           int
		Refused, Read   uint64
		Expired, Opened uint64
	}
	for range clients {
		send(t, dialText(t, address), "let me in")
	}
	eventually(t, "all are read", func() bool { say("stats", &s); return s.Read == clients+1 })
	if s.Flows < 20 || s.Flows > 64-16 || s.Refused != clients+1-uint64(s.Flows) {
		t.Errorf("%d flows, %d refused of %d: want some 35 flows, and every other datagram counted", s.Flows, s.Refused, clients+1)
	}
	if got := exchange(t, first, "during"); got != "during" {
		t.Errorf("got %q", got)
	}
	say("a minute", &s)
	if s.Flows != 0 || s.Expired == 0 {
		t.Errorf("%d flows a minute later, %d expired", s.Flows, s.Expired)
	}
	if got := exchange(t, dialText(t, address), "room"); got != "room" {
		t.Errorf("got %q", got)
	}
	ask.Close()
	for lines.Scan() {
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the proxy ended with %v", err)
	}
}

// serveWithFewFiles is the other process: a proxy that answers on stdout to
// words on stdin. Its time passes when it is told so.
func serveWithFewFiles(t *testing.T, upstream string) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = 64
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	b := startBench(t, Config{}, parseAddr(t, upstream))
	if w := strings.Join(b.Warnings(), "\n"); !strings.Contains(w, "64 files, too few for 4096 flows") {
		t.Errorf("warnings %q, want one of the 64 files", w)
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "address":
			answer(t, os.Stdout, b.Addr().String())
			continue
		case "a minute":
			b.pass(time.Minute)
		}
		s := b.Stats()
		answer(t, os.Stdout, map[string]any{
			"Flows": s.Flows, "Refused": s.Up.Dropped[CauseFlowError], "Read": s.Up.PacketsReceived,
			"Expired": s.FlowsExpired, "Opened": s.FlowsOpened,
		})
	}
}

func answer(t *testing.T, w io.Writer, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(w, "%s\n", b)
}
