package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"udplab/lossy/decisions"
)

// runningProxy is `udplab proxy` in this process, with a decision log.
type runningProxy struct {
	t       *testing.T
	log     string
	stderr  *lockedBuffer
	signals chan os.Signal
	code    chan int
}

// startProxyCommand starts a proxy that listens on a port of its choice.
func startProxyCommand(t *testing.T, args ...string) *runningProxy {
	t.Helper()
	p := &runningProxy{
		t: t, log: filepath.Join(t.TempDir(), "decisions.jsonl"),
		stderr: &lockedBuffer{}, signals: make(chan os.Signal, 2), code: make(chan int, 1),
	}
	d := chatDeps(strings.NewReader(""), io.Discard, p.stderr)
	d.signals = p.signals
	args = append([]string{"proxy", "--listen", "127.0.0.1:0", "--api", "off", "--log", p.log}, args...)
	go func() { p.code <- run(context.Background(), args, d) }()
	t.Cleanup(p.end)
	return p
}

// address is where the proxy listens.
func (p *runningProxy) address() *net.UDPAddr {
	p.t.Helper()
	for deadline := time.Now().Add(scriptPatience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if found := listeningOn.FindStringSubmatch(p.stderr.String()); found != nil {
			addr, err := net.ResolveUDPAddr("udp", found[1])
			if err != nil {
				p.t.Fatal(err)
			}
			return addr
		}
	}
	p.t.Fatalf("the proxy does not listen; stderr:\n%s", p.stderr)
	return nil
}

// end interrupts the proxy, once, and waits for it.
func (p *runningProxy) end() {
	select {
	case p.signals <- os.Interrupt:
	default:
		return
	}
	if p.code == nil {
		return
	}
	select {
	case <-p.code:
		p.code = nil
	case <-time.After(scriptPatience):
		p.t.Errorf("the proxy does not end; stderr:\n%s", p.stderr)
	}
}

// decision is a line of a log.
type decision struct {
	Flow  json.RawMessage `json:"flow"`
	Dir   string          `json:"dir"`
	Index int             `json:"index"`
	Size  int             `json:"size"`
	Drop  string          `json:"drop"`
	Rule  int             `json:"rule"`
}

// decided waits until the log has n decisions and returns them.
func (p *runningProxy) decided(n int) []decision {
	p.t.Helper()
	for deadline := time.Now().Add(scriptPatience); ; time.Sleep(time.Millisecond) {
		all := p.decisions()
		if len(all) < n && time.Now().Before(deadline) {
			continue
		}
		if len(all) != n {
			p.t.Fatalf("%d decisions, want %d", len(all), n)
		}
		return all
	}
}

// decisions reads the log as far as it is written.
func (p *runningProxy) decisions() (all []decision) {
	p.t.Helper()
	b, err := os.ReadFile(p.log)
	if err != nil {
		p.t.Fatal(err)
	}
	// The last piece is empty, or a line that is still being written.
	lines := bytes.Split(b, []byte("\n"))
	for i, line := range lines[:len(lines)-1] {
		if i == 0 {
			if !bytes.Contains(line, []byte(decisions.Schema)) {
				p.t.Fatalf("the log begins with %s", line)
			}
			continue
		}
		var d decision
		if err := json.Unmarshal(line, &d); err != nil {
			p.t.Fatalf("%s: %v", line, err)
		}
		all = append(all, d)
	}
	return all
}

// Two tutorial chats through proxies that lose 30 %: both stay alive, and the
// logs name exactly the lines that are missing.
func TestTutorialChatsThroughALossyProxy(t *testing.T) {
	t.Run("twin", func(t *testing.T) { lossyTutorialChats(t, newTwin) })
	t.Run("python", func(t *testing.T) {
		if _, err := exec.LookPath("python3"); err != nil {
			t.Skip("no python3 here; the twin does the same")
		}
		lossyTutorialChats(t, newPython)
	})
}

func lossyTutorialChats(t *testing.T, start func(t *testing.T, own, target *net.UDPAddr) tutor) {
	const lines = 60
	ann, bob := freeUDP(t), freeUDP(t)
	toAnn := startProxyCommand(t, "--upstream", ann.String(), "--loss", "30%", "--seed", "1")
	toBob := startProxyCommand(t, "--upstream", bob.String(), "--loss", "30%", "--seed", "1")
	a, b := start(t, ann, toBob.address()), start(t, bob, toAnn.address())
	defer a.end()
	defer b.end()
	for i := range lines {
		a.say(fmt.Sprint("ann's line ", i))
		b.say(fmt.Sprint("bob's line ", i))
	}
	var missing [2][]int
	for i, c := range []struct {
		speaker string
		proxy   *runningProxy
		reader  tutor
	}{{"ann", toBob, b}, {"bob", toAnn, a}} {
		for _, d := range c.proxy.decided(lines) {
			if string(d.Flow) != "0" || d.Dir != "up" {
				t.Fatalf("%s's lines are %+v, want flow 0 up", c.speaker, d)
			}
			if d.Drop != "" {
				missing[i] = append(missing[i], d.Index)
				continue
			}
			select {
			case got := <-c.reader.heard():
				if want := fmt.Sprintf("%s's line %d", c.speaker, d.Index); got != want {
					t.Fatalf("heard %q, want %q: the log says that it passed", got, want)
				}
			case <-time.After(scriptPatience):
				t.Fatalf("%s's line %d passed and was never heard", c.speaker, d.Index)
			}
		}
		select {
		case got := <-c.reader.heard():
			t.Errorf("heard %q, which the log does not have", got)
		default:
		}
	}
	// Flow 0 of seed 1 loses the same lines whoever speaks.
	if len(missing[0]) < lines/10 || !slices.Equal(missing[0], missing[1]) {
		t.Errorf("missing %v of ann and %v of bob, want the same and not few", missing[0], missing[1])
	}
}
