package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"udplab/reliable/raw"
)

// tutor is a tutorial chat, run by somebody else.
type tutor interface {
	say(line string)
	// heard gives the texts of the datagrams that came in. It is silent for ever
	// after one that is not UTF-8.
	heard() <-chan string
	end()
}

// TestTutorialChat: --mode raw --text talks with the tutorial chat, in both
// directions, and never sends what would end its receiving thread.
func TestTutorialChat(t *testing.T) {
	t.Run("twin", func(t *testing.T) { tutorialChat(t, newTwin) })
	t.Run("python", func(t *testing.T) {
		if _, err := exec.LookPath("python3"); err != nil {
			t.Skip("no python3 here; the twin does the same")
		}
		tutorialChat(t, newPython)
	})
}

func tutorialChat(t *testing.T, start func(t *testing.T, own, target *net.UDPAddr) tutor) {
	tutorAddr := freeUDP(t)
	c := startChat(t, "--mode", "raw", "--text", "--listen", "127.0.0.1:0", "--peer", tutorAddr.String())
	p := start(t, tutorAddr, c.address())
	defer p.end()

	// The tutorial chat sends from another port than it listens on.
	p.say("hällo 👋")
	from, text := c.nextLine()
	if text != "hällo 👋" || from == tutorAddr.String() || !strings.HasPrefix(from, "127.0.0.1:") {
		t.Errorf("got %q from %s, want the greeting from a port that is not %v", text, from, tutorAddr)
	}

	// Nothing came unasked: the first thing it hears is what was said first.
	c.say("hallo zurück")
	if got := <-p.heard(); got != "hallo zurück" {
		t.Errorf("the tutorial chat first heard %q", got)
	}

	// Characters of 2, 3 and 4 bytes across each boundary of 1024 bytes, at
	// every offset.
	for offset := range 4 {
		long := strings.Repeat("x", offset) + strings.Repeat("ä€👋", 400)
		c.say(long)
		for rest := long; rest != ""; {
			select {
			case piece := <-p.heard():
				var ok bool
				if rest, ok = strings.CutPrefix(rest, piece); !ok || piece == "" {
					t.Fatalf("offset %d: heard %q, want the start of %q", offset, piece, rest)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("offset %d: %d of %d bytes missing: a character was cut, or a piece was longer than it can take", offset, len(rest), len(long))
			}
		}
	}
	c.say("still alive?")
	if got := <-p.heard(); got != "still alive?" {
		t.Errorf("the tutorial chat heard %q", got)
	}
	p.say("alive")
	if _, text := c.nextLine(); text != "alive" {
		t.Errorf("got %q", text)
	}
	if code := c.endInput(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	select {
	case got := <-p.heard():
		t.Errorf("the tutorial chat heard %q at the end: a goodbye is nothing it could read", got)
	default:
	}
}

// TestBareTextInRawMode: without --text a tutorial chat is heard all the same,
// and shown as what it is.
func TestBareTextInRawMode(t *testing.T) {
	tutorAddr := freeUDP(t)
	c := startChat(t, "--mode", "raw", "--listen", "127.0.0.1:0", "--peer", tutorAddr.String())
	p := newTwin(t, tutorAddr, c.address())
	defer p.end()
	p.say("hello")
	if _, text := c.nextLine(); text != "hello" {
		t.Errorf("got %q", text)
	}
	c.waitStderr("-- bare text: hello")
	c.signals <- os.Interrupt // it would go on listening after the end of its input
	if code := c.exit(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

// twin is the tutorial chat in Go, faults included.
type twin struct {
	listener *net.UDPConn
	sender   *net.UDPConn
	lines    chan string
}

func newTwin(t *testing.T, own, target *net.UDPAddr) tutor {
	t.Helper()
	listener, err := net.ListenUDP("udp", own)
	if err != nil {
		t.Fatal(err)
	}
	sender, err := net.DialUDP("udp", nil, target)
	if err != nil {
		t.Fatal(err)
	}
	p := &twin{listener, sender, make(chan string, 100)}
	go func() {
		b := make([]byte, 1024) // recvfrom(1024) cuts what is longer
		for {
			n, _, err := listener.ReadFromUDP(b)
			if err != nil || !utf8.Valid(b[:n]) { // decode() raises
				return
			}
			p.lines <- string(b[:n])
		}
	}()
	return p
}

func (p *twin) say(line string)      { p.sender.Write([]byte(line)) }
func (p *twin) heard() <-chan string { return p.lines }
func (p *twin) end()                 { p.listener.Close(); p.sender.Close() }

// python is the tutorial chat itself.
type python struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string
}

func newPython(t *testing.T, own, target *net.UDPAddr) tutor {
	t.Helper()
	cmd := exec.Command("python3", "testdata/tutorial_chat.py")
	cmd.Env = append(os.Environ(), "PYTHONUTF8=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &python{cmd, stdin, make(chan string, 100)}
	go func() {
		for s := bufio.NewScanner(stdout); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	fmt.Fprintf(stdin, "%s\n%d\n%s\n%d\n", own.IP, own.Port, target.IP, target.Port)
	if got := <-p.lines; got != "ready" {
		t.Fatalf("the tutorial chat began with %q", got)
	}
	return p
}

func (p *python) say(line string)      { fmt.Fprintln(p.stdin, line) }
func (p *python) heard() <-chan string { return p.lines }
func (p *python) end()                 { p.stdin.Close(); p.cmd.Wait() }

// TestTutorialBuffer: the limit is the tutorial's, not ours to change.
func TestTutorialBuffer(t *testing.T) {
	if raw.MaxText != 1024 {
		t.Errorf("bare text of %d bytes a datagram: the tutorial chat takes 1024", raw.MaxText)
	}
}

// freeUDP is an address of this machine that was free a moment ago. Its port is
// none that a system gives to sockets that ask for any, so it stays free while
// other tests run.
func freeUDP(t *testing.T) *net.UDPAddr {
	t.Helper()
	for range 1000 {
		at := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 12_000 + rand.IntN(18_000)}
		if pc, err := net.ListenUDP("udp", at); err == nil {
			pc.Close()
			return at
		}
	}
	t.Fatal("no free port")
	return nil
}
