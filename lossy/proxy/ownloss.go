package proxy

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"udplab/lossy"
)

// OwnLoss is how many datagrams of one direction the proxy or its machine lost,
// and not the network that it models.
type OwnLoss struct {
	Direction lossy.Direction
	Cause     string // its metric label: kernel_rx, kernel_tx, flow_error or overload
	Packets   uint64
}

// OwnLosses lists what the proxy or its machine lost, by direction and cause,
// zeros included. What the configuration or the peers are to blame for
// (flow_limit, oversize, nat, flow_closed) is not among it.
func (s *Stats) OwnLosses() []OwnLoss {
	var list []OwnLoss
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		of := s.Direction(d)
		for _, c := range []Cause{CauseKernelRx, CauseKernelTx, CauseFlowError} {
			list = append(list, OwnLoss{d, c.String(), of.Dropped[c]})
		}
		list = append(list, OwnLoss{d, lossy.CauseOverload.String(), of.Link.Dropped[lossy.CauseOverload]})
	}
	return list
}

// A LossError says that a proxy lost datagrams itself: what is measured through
// it is in part the machine.
type LossError struct {
	OwnLoss
	Err error // what the system said, if that is known; see Proxy.FlowError
}

// Error implements error.
func (e *LossError) Error() string {
	why := e.Cause
	if e.Err != nil {
		why = fmt.Sprintf("%s: %v", e.Cause, e.Err)
	}
	return fmt.Sprintf("%v: this machine lost %d datagrams (%s)", e.Direction, e.Packets, why)
}

// Unwrap implements errors.Unwrap.
func (e *LossError) Unwrap() error { return e.Err }

// FlowError is what the system said when it last let no socket be opened for what a
// client sent, which was dropped as CauseFlowError. It is nil if it never did so. For
// want of descriptors it is syscall.EMFILE or syscall.ENFILE.
func (p *Proxy) FlowError() error { return p.unopened.latest() }

// unopened is why there was no socket for a flow. The zero value is ready.
type unopened struct{ err atomic.Pointer[error] }

func (u *unopened) note(err error) {
	err = systemError(err)
	u.err.Store(&err)
}

func (u *unopened) latest() error {
	if err := u.err.Load(); err != nil {
		return *err
	}
	return nil
}

// lossWatch knows the losses of the proxy's own at the beginning of this window
// and of the one before. Nobody turns them but who asks, so the windows are
// longer if that is seldom.
type lossWatch struct {
	mu             sync.Mutex
	before, latest []OwnLoss // nil = none yet, of a proxy that had lost nothing
	begun          time.Duration
}

// recent returns the first loss that has grown since the window before this one
// began, by so much; nil if none has.
func (w *lossWatch) recent(now time.Duration, s *Stats) *OwnLoss {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now-w.begun >= 2*latenessWindow {
		w.before = w.latest // what happened before this window is past
	}
	losses := s.OwnLosses()
	var grown *OwnLoss
	for i, l := range losses {
		if w.before != nil {
			l.Packets -= min(l.Packets, w.before[i].Packets)
		}
		if l.Packets > 0 && grown == nil {
			grown = &l
		}
	}
	if now-w.begun >= latenessWindow {
		w.before, w.latest, w.begun = w.latest, losses, now
	}
	return grown
}
