package proxy

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
)

// Whatever the kernel says to a send, the lane goes on, and the datagram is
// either sent or dropped for a cause. A refusal is about an earlier datagram,
// so this one is given again.
func TestSendErrors(t *testing.T) {
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
		{"no buffers", []error{failed(syscall.ENOBUFS)}, 0, 0, CauseKernelTx},
		{"a firewall", []error{failed(syscall.EPERM)}, 0, 0, CauseKernelTx},
		{"too long", []error{failed(errMessageSize)}, 0, 0, CauseOversize},
		{"the socket was just closed", []error{net.ErrClosed}, 0, 0, CauseFlowClosed},
	} {
		b := startBench(t, Config{}, echo(t, "127.0.0.1:0"))
		answers := c.answers
		l := newLane(&flow{proxy: b.Proxy}, lossy.Up, b.settings.Load(), func([]byte) error {
			if len(answers) == 0 {
				return nil
			}
			err := answers[0]
			answers = answers[1:]
			return err
		})
		l.input(append(make([]byte, 0, 100), "first"...), 5)
		s := l.snapshot()
		if s.PacketsSent != c.sent || s.Refused != c.refused || len(answers) != 0 {
			t.Errorf("%s: %d sent, %d refused, %d answers left; want %d, %d, 0", c.why, s.PacketsSent, s.Refused, len(answers), c.sent, c.refused)
		}
		if c.sent == 0 && s.Dropped[c.cause] != 1 {
			t.Errorf("%s: drops %+v, want one by %v", c.why, s.Drops(), c.cause)
		}
		l.input(append(make([]byte, 0, 100), "next"...), 4)
		if s := l.snapshot(); s.PacketsSent != c.sent+1 || s.Unaccounted() != 0 {
			t.Errorf("%s: %d sent after the next datagram, want %d", c.why, s.PacketsSent, c.sent+1)
		}
	}
}

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
