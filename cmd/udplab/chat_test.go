package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// runningChat is `udplab chat` in this process, between two pipes.
type runningChat struct {
	t       *testing.T
	stdin   *io.PipeWriter
	stdout  *bufio.Scanner
	stderr  *lockedBuffer
	signals chan os.Signal
	code    chan int
}

// lockedBuffer is a buffer for a writer and a reader.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// chatDeps is a process without terminal and environment.
func chatDeps(stdin io.Reader, stdout, stderr io.Writer) deps {
	return deps{
		stdin: stdin, stdout: stdout, stderr: stderr,
		isTerminal: func(any) bool { return false },
		columns:    func() int { return 80 },
		lookupEnv:  func(string) (string, bool) { return "", false },
		now:        time.Now,
	}
}

func startChat(t *testing.T, args ...string) *runningChat {
	t.Helper()
	return startChatOn(t, func(any) bool { return false }, args...)
}

// startTerminalChat is a chat whose input is a terminal.
func startTerminalChat(t *testing.T, args ...string) *runningChat {
	t.Helper()
	return startChatOn(t, func(file any) bool { _, is := file.(io.Reader); return is }, args...)
}

func startChatOn(t *testing.T, isTerminal func(any) bool, args ...string) *runningChat {
	t.Helper()
	in, stdin := io.Pipe()
	out, stdout := io.Pipe()
	c := &runningChat{t: t, stdin: stdin, stderr: &lockedBuffer{}, signals: make(chan os.Signal, 2), code: make(chan int, 1)}
	c.stdout = bufio.NewScanner(out)
	c.stdout.Buffer(nil, 1<<20)
	d := chatDeps(in, stdout, c.stderr)
	d.signals, d.isTerminal = c.signals, isTerminal
	go func() {
		code := run(context.Background(), append([]string{"chat"}, args...), d)
		stdout.Close()
		c.code <- code
	}()
	t.Cleanup(func() { stdin.Close(); out.Close() })
	return c
}

// say writes a line of input.
func (c *runningChat) say(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c.stdin, line+"\n"); err != nil {
		c.t.Fatalf("say: %v", err)
	}
}

// nextLine reads a line of output: who and what.
func (c *runningChat) nextLine() (name, text string) {
	c.t.Helper()
	if !c.stdout.Scan() {
		c.t.Fatalf("no more output; stderr:\n%s", c.stderr)
	}
	name, text, ok := strings.Cut(c.stdout.Text(), "\t")
	if !ok {
		c.t.Errorf("output %q is not NAME<TAB>TEXT", c.stdout.Text())
	}
	return name, text
}

// endInput closes the input and returns the exit code.
func (c *runningChat) endInput() int {
	c.t.Helper()
	c.stdin.Close()
	return c.exit()
}

// exit reads what is left and returns the exit code.
func (c *runningChat) exit() int {
	c.t.Helper()
	for c.stdout.Scan() {
	}
	select {
	case code := <-c.code:
		return code
	case <-time.After(20 * time.Second):
		c.t.Fatalf("the chat does not end; stderr:\n%s", c.stderr)
		return -1
	}
}

var listeningOn = regexp.MustCompile(`listening on (\S+),`)

// address is where the chat listens, from what it says.
func (c *runningChat) address() *net.UDPAddr {
	c.t.Helper()
	said := c.waitStderr("listening on ")
	addr, err := net.ResolveUDPAddr("udp", listeningOn.FindStringSubmatch(said)[1])
	if err != nil {
		c.t.Fatal(err)
	}
	return addr
}

// waitStderr waits until stderr holds a text, and a whole line of it.
func (c *runningChat) waitStderr(text string) string {
	c.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		said := c.stderr.String()
		if at := strings.Index(said, text); at >= 0 && strings.Contains(said[at:], "\n") {
			return said
		}
	}
	c.t.Fatalf("%q was not said; stderr:\n%s", text, c.stderr)
	return ""
}
