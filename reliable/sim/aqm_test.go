package sim

import (
	"testing"
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
)

// A transfer over a link whose queue is kept short by CoDel or RED: what the
// queue marks, the sender hears of and heeds; where it may not mark, it drops,
// and what was dropped is repaired.
func TestTransferOverManagedQueues(t *testing.T) {
	t.Parallel()
	for _, discipline := range []lossy.Discipline{
		lossy.CoDel{Target: 5 * time.Millisecond, Interval: 100 * time.Millisecond},
		lossy.RED{Min: 10, Max: 60, Probability: 0.02, Weight: 0.02},
	} {
		for _, ecn := range []bool{true, false} {
			t.Run(lossy.FormatDiscipline(discipline)+map[bool]string{true: " marking", false: " dropping"}[ecn], func(t *testing.T) {
				w := NewWorld(1)
				config := arq.EndpointConfig{Listen: true}
				config.Conn.ECN = true
				a, b := w.AddNode("a", config), w.AddNode("b", config)
				link := w.Path(a, b)
				link.SetProfile(lossy.Profile{
					Delay: 20 * time.Millisecond, Rate: 10e6, QueuePackets: 1000, Discipline: discipline, ECN: ecn,
				})
				w.Path(b, a).SetProfile(lossy.Profile{Delay: 20 * time.Millisecond})
				e := a.Dial(b)
				w.Run(200 * time.Millisecond)
				const size = 4 << 20
				e.Queue(size)
				if !w.RunUntil(20*time.Second, func() bool { return b.Ends()[0].Conn.Stats().MessageBytesReceived >= size }) {
					t.Fatalf("%d bytes arrived in 20 s: %v", b.Ends()[0].Conn.Stats().MessageBytesReceived, w.Err())
				}
				if err := w.Err(); err != nil {
					t.Fatal(err)
				}
				s, sender := link.Stats(), e.Conn.Stats()
				marked, dropped := s.Marked, s.Dropped[lossy.CauseAQM]
				if ecn && (marked == 0 || dropped != 0 || sender.MarksReported != marked || sender.PacketsLost != 0) {
					t.Errorf("the queue marked %d and dropped %d; the sender heard of %d marks and lost %d packets", marked, dropped, sender.MarksReported, sender.PacketsLost)
				}
				if !ecn && (marked != 0 || dropped == 0 || sender.MarksReported != 0 || sender.PacketsLost != dropped) {
					t.Errorf("the queue marked %d and dropped %d; the sender heard of %d marks and lost %d packets", marked, dropped, sender.MarksReported, sender.PacketsLost)
				}
				// At 10 Mbit/s they take 3.4 s.
				if took := w.Now(); took > 4*time.Second {
					t.Errorf("%d bytes took until %v: the link stood idle", size, took)
				}
			})
		}
	}
}
