package udp

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// timerfdAlarm waits for a timerfd in the network poller, which wakes a
// goroutine a few microseconds late. It is the one of package proxy in another
// shape: that package may not import this one, nor this one that.
type timerfdAlarm struct {
	fd   int
	file *os.File // of fd, in the poller
}

// systemGranularity is far above the 5 us that a wake-up is late: closer
// together, wake-ups would cost more than they are worth.
const systemGranularity = 100 * time.Microsecond

// newSystemAlarm returns nil if there is no descriptor to be had.
func newSystemAlarm(ring func(), running *sync.WaitGroup) Alarm {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil
	}
	a := &timerfdAlarm{fd: fd, file: os.NewFile(uintptr(fd), "timerfd")}
	running.Go(func() {
		for a.wait() {
			ring()
		}
	})
	return a
}

// wait blocks until the alarm rings. False means closed.
func (a *timerfdAlarm) wait() bool {
	var expirations [8]byte
	_, err := a.file.Read(expirations[:])
	return err == nil
}

// Set is safe against the descriptor being another file's because the caller
// never calls it after Close.
func (a *timerfdAlarm) Set(d time.Duration) {
	// An all-zero time would disarm it.
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(max(d, 1)))}
	if err := unix.TimerfdSettime(a.fd, 0, &spec, nil); err != nil {
		panic("BUG: timerfd_settime on our own timer: " + err.Error())
	}
}

func (a *timerfdAlarm) Granularity() time.Duration { return systemGranularity }

func (a *timerfdAlarm) Close() { a.file.Close() }
