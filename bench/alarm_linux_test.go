package bench

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// timerfdAlarm waits for a timerfd in the network poller, which wakes a
// goroutine a few microseconds late. A Go timer would put up to a millisecond
// of its own into every latency.
type timerfdAlarm struct {
	fd   int
	file *os.File // of fd, in the poller
}

func newAlarm(tb testing.TB) alarm {
	tb.Helper()
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		tb.Fatal(os.NewSyscallError("timerfd_create", err))
	}
	return &timerfdAlarm{fd, os.NewFile(uintptr(fd), "timerfd")}
}

func (a *timerfdAlarm) sleepUntil(t time.Time) {
	wait := time.Until(t)
	if wait <= 0 {
		return
	}
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(wait))}
	if err := unix.TimerfdSettime(a.fd, 0, &spec, nil); err != nil {
		panic("BUG: timerfd_settime on our own timer: " + err.Error())
	}
	var expirations [8]byte
	if _, err := a.file.Read(expirations[:]); err != nil {
		panic("BUG: reading our own timer: " + err.Error())
	}
}

func (a *timerfdAlarm) close() { a.file.Close() }
