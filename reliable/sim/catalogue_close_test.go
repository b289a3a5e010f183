package sim

import (
	"testing"
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
)

// half-close: one side finishes, the other sends 10 MB more over a path that
// loses 5 %, then finishes as well, and the connection ends on both sides
// without anybody having called Close.
func TestA14_HalfClose(t *testing.T) {
	w, a, b := pairWorld(1, arq.Config{})
	for _, l := range []*lossy.Link{w.Path(a, b), w.Path(b, a)} {
		l.SetProfile(lossy.Profile{Delay: 10 * time.Millisecond, Loss: 0.05})
	}
	dialer := a.Dial(b)
	dialer.Queue(100)
	dialer.Finish()
	if !w.RunUntil(10*time.Second, func() bool { return len(b.Ends()) > 0 && b.Ends()[0].Conn.PeerFinished() }) {
		t.Fatalf("%v: the other side never learned of the end", w)
	}
	answerer := b.Ends()[0]
	const megabyte = 1 << 20
	for range 10 {
		answerer.Queue(megabyte)
	}
	if !w.RunUntil(10*time.Minute, func() bool { return dialer.Delivered() == 10 }) {
		t.Fatalf("%v: %d of 10 messages delivered after the half-close: %v", w, dialer.Delivered(), w.Err())
	}
	if s := answerer.Conn.State(); s != arq.Open {
		t.Fatalf("%v before it finished", s)
	}
	answerer.Finish()
	w.Run(time.Minute)
	for _, e := range []*End{dialer, answerer} {
		if e.Conn.State() != arq.Closed {
			t.Errorf("%v after both finished", e)
		}
	}
	w.oracle.settled()
	if err := w.Err(); err != nil {
		t.Error(err)
	}
	if len(w.events) > 0 {
		t.Errorf("%d events left", len(w.events))
	}
}
