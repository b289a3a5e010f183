package proxy

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// P12: whatever the kernel says to a send, the lane goes on, and the datagram is
// either sent or dropped for a cause. A refusal is about an earlier datagram,
// so this one is given again.
func TestP12_SendErrors(t *testing.T) {
	refused := os.NewSyscallError("write", syscall.ECONNREFUSED)
	failed := func(e error) error { return os.NewSyscallError("write", e) }
	for _, c := range []struct {
		why     string
		answers []error // of the kernel, one for each attempt; then nil
		sent    uint64
		refused uint64
		cause   Cause // if not sent
	}{
		{"sent", nil, 1, 0, 0},
		{"an earlier datagram was refused", []error{refused}, 1, 1, 0},
		{"two were", []error{refused, refused}, 1, 2, 0},
		{"more than a pending error can explain", []error{refused, refused, refused}, 0, 2, CauseKernelTx},
		{"interrupted", []error{failed(syscall.EINTR)}, 1, 0, 0},
		{"interrupted without end", []error{syscall.EINTR, syscall.EINTR, syscall.EINTR}, 0, 0, CauseKernelTx},
		{"no buffers", []error{failed(syscall.ENOBUFS)}, 0, 0, CauseKernelTx},
		{"a firewall", []error{failed(syscall.EPERM)}, 0, 0, CauseKernelTx},
		{"too long", []error{failed(errMessageSize)}, 0, 0, CauseOversize},
		{"the socket was just closed", []error{net.ErrClosed}, 0, 0, CauseFlowClosed},
	} {
		b := startBench(t, Config{}, echo(t, "127.0.0.1:0"))
		kernel := &answering{answers: c.answers}
		f := b.flow(kernel)
		input := func(text string) DirectionStats {
			f.up.input(0, []message{{bytes: []byte(text)}}, 0, b.out)
			return b.Stats().Up
		}
		s := input("first")
		if s.PacketsSent != c.sent || s.Refused != c.refused || len(kernel.answers) != 0 {
			t.Errorf("%s: %d sent, %d refused, %d answers left; want %d, %d, 0", c.why, s.PacketsSent, s.Refused, len(kernel.answers), c.sent, c.refused)
		}
		if c.sent == 0 && s.Dropped[c.cause] != 1 {
			t.Errorf("%s: drops %+v, want one by %v", c.why, s.Drops(), c.cause)
		}
		if s := input("next"); s.PacketsSent != c.sent+1 || s.Unaccounted() != 0 {
			t.Errorf("%s: %d sent after the next datagram, want %d", c.why, s.PacketsSent, c.sent+1)
		}
	}
}

// A socket whose buffer stays full makes a burst wait once, not once for each of
// its datagrams.
func TestFullSocketTakesTheBurst(t *testing.T) {
	b := startBench(t, Config{}, echo(t, "127.0.0.1:0"))
	kernel := &answering{answers: []error{syscall.EAGAIN}}
	f := b.flow(kernel)
	f.up.input(0, []message{{bytes: make([]byte, 300), segment: 100}}, 0, b.out)
	f.up.input(0, []message{{bytes: make([]byte, 200), segment: 100}}, 0, b.out)
	if s := b.Stats().Up; s.Dropped[CauseKernelTx] != 3 || s.PacketsSent != 2 {
		t.Errorf("%d dropped and %d sent, want 3 and 2", s.Dropped[CauseKernelTx], s.PacketsSent)
	}
}

// answering is a kernel that answers to sends as told, then takes everything.
type answering struct{ answers []error }

func (a *answering) send(b *burst, i int) (int, error) {
	if len(a.answers) == 0 {
		return b.count() - i, nil
	}
	err := a.answers[0]
	a.answers = a.answers[1:]
	return 0, err
}

func (a *answering) port() uint16  { return 0 }
func (a *answering) drops() uint64 { return 0 }
func (a *answering) close()        {}

// A socket that fails to read neither ends the loop nor keeps a core busy;
// only closing it does.
func TestReadErrorsAreSurvived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		const failures = readFailuresInARow + 4
		reads, failed := 0, 0
		begun := time.Now()
		untilClosed(func() error {
			reads++
			switch {
			case reads <= failures:
				return broken
			case reads <= failures+10:
				return nil
			case reads <= failures+13:
				return broken
			default:
				return net.ErrClosed
			}
		}, func(err error) {
			if !errors.Is(err, broken) {
				t.Errorf("told of %v, want the read's error", err)
			}
			failed++
		})
		if failed != failures+3 {
			t.Errorf("told of %d failures, want %d", failed, failures+3)
		}
		// The pause begins with the sixteenth failure in a row, and success
		// starts the count anew.
		if got, want := time.Since(begun), 5*readPause; got != want {
			t.Errorf("paused for %v, want %v", got, want)
		}
	})
}
