package control

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// pipes is a listener in memory, so that servers can be tested in virtual time.
// As the kernel does, it lets any number of clients wait to be accepted.
type pipes struct {
	waiting chan net.Conn
	closed  chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn, 1<<14), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.waiting:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close also hangs up on those who wait, as the kernel does.
func (p *pipes) Close() error {
	close(p.closed)
	for {
		select {
		case c := <-p.waiting:
			c.Close()
		default:
			return nil
		}
	}
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8474} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.waiting <- theirs
	return ours
}

// virtual serves a handler with the standard limits in memory; only for use in a
// synctest bubble.
func virtual(t *testing.T, h http.Handler) (*Server, *pipes) {
	p := newPipes()
	s := serve(p, h, standard)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing the server: %v", err)
		}
	})
	return s, p
}

// say sends text, which the server may hang up on.
func say(c net.Conn, text string) { _, _ = io.WriteString(c, text) }

// untilHungUp reads until the server hangs up and returns what it sent, and when.
func untilHungUp(t *testing.T, c net.Conn) (string, time.Duration) {
	t.Helper()
	begun := time.Now()
	c.SetReadDeadline(begun.Add(10 * time.Minute))
	b, err := io.ReadAll(c)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("the server held on to the connection, after sending %q", b)
	}
	return string(b), time.Since(begun)
}

// ask sends a whole request and returns the head of the answer.
func ask(t *testing.T, c net.Conn, method, target string) (*http.Response, *bufio.Reader) {
	t.Helper()
	say(c, method+" "+target+" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	r := bufio.NewReader(c)
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("%s %.40s: %v", method, target, err)
	}
	return response, r
}

// padded is text of a length in bytes.
func padded(size int, text string) string { return strings.Repeat(" ", size-len(text)) + text }
