package proxy

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// newAlarm prefers a timerfd and falls back to a Go timer.
func newAlarm() alarm {
	if a, err := newTimerfdAlarm(); err == nil {
		return a
	}
	return newTimerAlarm()
}

// timerfdAlarm waits for a timerfd in the network poller, which wakes a
// goroutine a few microseconds late instead of rounding to milliseconds.
type timerfdAlarm struct {
	fd   int
	file *os.File // of fd, in the poller
}

func newTimerfdAlarm() (*timerfdAlarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	return &timerfdAlarm{fd: fd, file: os.NewFile(uintptr(fd), "timerfd")}, nil
}

func (a *timerfdAlarm) set(d time.Duration) {
	// An all-zero time would disarm it.
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(max(d, 1)))}
	if err := unix.TimerfdSettime(a.fd, 0, &spec, nil); err != nil {
		panic("BUG: timerfd_settime on our own timer: " + err.Error())
	}
}

func (a *timerfdAlarm) wait() bool {
	var expirations [8]byte
	_, err := a.file.Read(expirations[:])
	return err == nil
}

func (a *timerfdAlarm) close() { a.file.Close() }
