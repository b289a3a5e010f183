package reliable

import (
	"bytes"
	"fmt"
	"testing"
)

// Messages of every size arrive whatever the two sides leave to the system, and
// the sockets say what they do.
func TestEveryRungCarriesMessages(t *testing.T) {
	want := map[Offload]Rung{OffloadAuto: RungSegments, OffloadBatch: RungBatch, OffloadNone: RungSingle}
	for dialing := OffloadAuto; dialing <= OffloadNone; dialing++ {
		for listening := OffloadAuto; listening <= OffloadNone; listening++ {
			t.Run(fmt.Sprintf("%v to %v", dialing, listening), func(t *testing.T) {
				l := listen(t, &Config{Offload: listening, FixedPacket: 1452})
				a, b := dialTo(t, l, &Config{Offload: dialing, FixedPacket: 1452})
				for _, n := range []int{0, 1, 5000, 400_000} {
					sent := bytes.Repeat([]byte("bytes"), n/5+1)[:n]
					if err := a.Send(t.Context(), sent); err != nil {
						t.Fatal(err)
					}
					if got, err := b.Receive(t.Context()); err != nil || !bytes.Equal(got, sent) {
						t.Fatalf("got %d bytes and %v, want %d", len(got), err, n)
					}
				}
				settled(t, a)
				for _, c := range []struct {
					name  string
					stats EndpointStats
					want  Rung
				}{{"dialing", a.listener.Stats(), want[dialing]}, {"listening", l.Stats(), want[listening]}} {
					s := c.stats
					if s.SendRung != c.want || s.ReceiveRung != c.want || s.Demotions != 0 {
						t.Errorf("%s: sends by %v, receives by %v after %d demotions, want %v", c.name, s.SendRung, s.ReceiveRung, s.Demotions, c.want)
					}
					if s.SendBuffer < 1<<20 {
						t.Errorf("%s: a send buffer of %d bytes", c.name, s.SendBuffer)
					}
				}
				s := a.listener.Stats()
				if fewer := s.SendCalls < s.DatagramsSent; fewer != (dialing != OffloadNone) {
					t.Errorf("%d calls for %d datagrams sent", s.SendCalls, s.DatagramsSent)
				}
				if s := l.Stats(); listening == OffloadNone && s.ReceiveCalls != s.DatagramsReceived {
					t.Errorf("%d calls for %d datagrams received", s.ReceiveCalls, s.DatagramsReceived)
				}
			})
		}
	}
}
