package sim

import (
	"testing"
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
)

// Urgent messages, far more than may go ahead of the window, beside bulk: the
// oracle agrees that they go ahead, and how much of them.
func TestUrgentMessagesBesideBulk(t *testing.T) {
	w := NewWorld(1)
	config := arq.EndpointConfig{Listen: true}
	a, b := w.AddNode("a", config), w.AddNode("b", config)
	for _, p := range []*lossy.Link{w.Path(a, b), w.Path(b, a)} {
		p.SetProfile(lossy.Profile{Delay: 25 * time.Millisecond, Rate: 20e6, Queue: 50 * time.Millisecond})
	}
	e := a.Dial(b)
	w.Run(200 * time.Millisecond)
	e.Conn.SetLane(0, arq.Lane{Priority: -1})
	e.Queue(20 << 20)
	got := 0
	for range 100 {
		for range 30 {
			if _, err := e.SendOn(arq.SendOptions{Channel: 1}, make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
		}
		w.Run(50 * time.Millisecond)
		for {
			if _, ok := b.Ends()[0].ReceiveOn(1); !ok {
				break
			}
			got++
		}
	}
	if err := w.Err(); err != nil {
		t.Fatal(err)
	}
	if ahead := e.Conn.Stats().PacketsAhead; ahead < 50 {
		t.Errorf("%d packets went ahead, want some of each batch", ahead)
	}
	if got < 2900 {
		t.Errorf("%d of 3000 urgent messages arrived", got)
	}
}
