package chatui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"udplab/cmd/internal/chat"
)

// fakeSession does what it is told and tells what the test wants.
type fakeSession struct {
	chat.Session
	events chan chat.Event
	said   chan string
	named  chan string
	closed sync.Once
	slow   bool // Close waits for its context
	result error
	ended  chan struct{}
}

func newFake() *fakeSession {
	return &fakeSession{
		events: make(chan chat.Event, 10), said: make(chan string, 10), named: make(chan string, 10),
		ended: make(chan struct{}),
	}
}

func (f *fakeSession) Say(_ context.Context, text string) (uint64, error) {
	if text == "refuse" {
		return 0, chat.ErrTooLong
	}
	f.said <- text
	f.events <- chat.Event{Kind: chat.Sent, ID: uint64(len(text)), Text: text}
	return 1, nil
}
func (f *fakeSession) SetName(name string)       { f.named <- name }
func (f *fakeSession) Events() <-chan chat.Event { return f.events }
func (f *fakeSession) Counters() chat.Counters   { return chat.Counters{LinesSent: 777} }
func (f *fakeSession) LocalAddr() net.Addr       { return nil }
func (f *fakeSession) Close(ctx context.Context) error {
	f.closed.Do(func() {
		close(f.ended)
		if f.slow {
			<-ctx.Done()
		}
		close(f.events)
	})
	return f.result
}

// display is what was drawn; safe for concurrent use.
type display struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (d *display) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.b.Write(p)
}

func (d *display) waitFor(t *testing.T, what string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		d.mu.Lock()
		found := strings.Contains(ansi.Strip(d.b.String()), what)
		d.mu.Unlock()
		if found {
			return
		}
	}
	t.Fatalf("%q was not drawn in %q", what, d.b.String())
}

// running is a Run on a terminal that is none.
type running struct {
	*fakeSession
	keys   *io.PipeWriter
	screen *display
	stop   context.CancelFunc
	result chan error
}

func start(t *testing.T, f *fakeSession) *running {
	t.Helper()
	in, keys := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{fakeSession: f, keys: keys, screen: &display{}, stop: cancel, result: make(chan error, 1)}
	go func() {
		r.result <- Run(ctx, f, Options{Mode: chat.RawMode, Name: "ann", Net: func(s string) []string { return []string{"the network:", "[" + s + "]"} }},
			Terminal{In: in, Out: r.screen, Env: []string{"TERM=xterm-256color", "NO_COLOR=1"}, Columns: 60, Rows: 10})
	}()
	t.Cleanup(func() { cancel(); keys.Close(); in.Close() })
	r.screen.waitFor(t, "raw")
	return r
}

func (r *running) typed(s string) { io.WriteString(r.keys, s) }

func TestRunConversation(t *testing.T) {
	r := start(t, newFake())
	r.events <- chat.Event{Kind: chat.Received, At: noon, Name: "bob", Text: "hello"}
	r.screen.waitFor(t, "bob: hello")
	r.typed("hi\r")
	if got := <-r.said; got != "hi" {
		t.Errorf("said %q", got)
	}
	r.screen.waitFor(t, "ann: hi")
	r.typed("refuse\r")
	r.screen.waitFor(t, "not sent: chat: a line has at most")
	r.typed("/name anna\r")
	if got := <-r.named; got != "anna" {
		t.Errorf("named %q", got)
	}
	r.typed("/net loss=5%\r")
	r.screen.waitFor(t, "[loss=5%]")
	r.screen.waitFor(t, "777") // the renderer draws only what changed
	r.typed("/quit\r")
	if err := <-r.result; err != nil {
		t.Errorf("run: %v", err)
	}
}

// TestRunEndsWithItsContext: a signal to the process ends the chat in peace,
// and the session's verdict comes back.
func TestRunEndsWithItsContext(t *testing.T) {
	f := newFake()
	f.result = chat.ErrUnreachable
	r := start(t, f)
	r.stop()
	if err := <-r.result; !errors.Is(err, chat.ErrUnreachable) {
		t.Errorf("run: %v, want what Close said", err)
	}
}

// TestSecondCtrlCLeavesAtOnce, though the session would still wait.
func TestSecondCtrlCLeavesAtOnce(t *testing.T) {
	f := newFake()
	f.slow = true
	r := start(t, f)
	r.typed("\x03")
	<-f.ended
	r.screen.waitFor(t, "leaving")
	r.typed("\x03")
	if err := <-r.result; err != nil {
		t.Errorf("run: %v", err)
	}
}
