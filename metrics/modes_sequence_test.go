package metrics

import (
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
	"udplab/reliable"
)

// One message after another that its mode lets go, and one that a copy saves.
// None of them but the one that nothing repairs is a lost message.
func TestValuesOfAKnownSequenceOfModes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, from, to, sender, receiver := joined(t, nil)
		c := NewReliable()
		retire := []func(){c.AddConn(sender.Stats), c.AddConn(receiver.Stats)}
		clean := lossy.Profile{Delay: 20 * time.Millisecond}
		lost, late := clean, clean
		lost.Loss = 1
		late.Reorder, late.ReorderBy = 1, 1
		// send sends a message on the channel of its mode. What leaves in the
		// next so many milliseconds meets the profile.
		send := func(mode reliable.Mode, size int, up lossy.Profile, during time.Duration) {
			t.Helper()
			synctest.Wait()
			if err := n.SetPath(senderAt, receiverAt, up, clean); err != nil {
				t.Fatal(err)
			}
			options := reliable.SendOptions{Mode: mode, Lifetime: 30 * time.Millisecond}
			if _, err := sender.Channel(uint8(mode)).SendWith(t.Context(), make([]byte, size), options); err != nil {
				t.Fatal(err)
			}
			time.Sleep(during)
			synctest.Wait()
			if err := n.SetPath(senderAt, receiverAt, clean, clean); err != nil {
				t.Fatal(err)
			}
		}
		// read waits until nothing happens any more and reads n messages.
		read := func(mode reliable.Mode, n, skipped int) {
			t.Helper()
			time.Sleep(time.Second)
			for range n {
				m, err := receiver.Channel(uint8(mode)).Receive(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				skipped -= m.Skipped
			}
			if skipped != 0 {
				t.Errorf("%v: the receiver was told of %d messages less than were skipped", mode, skipped)
			}
		}
		want := map[string]string{}
		values := func() (text string) {
			for name, value := range want {
				text += "udplab_transport_" + name + " " + value + "\n"
			}
			return text
		}
		for _, fate := range []string{"superseded", "lost", "skipped"} {
			want[`given_up_messages_total{fate="`+fate+`",mode="reliable"}`] = "0"
		}
		for _, fate := range []string{"passed_over", "stale", "dropped"} {
			want[`undelivered_messages_total{fate="`+fate+`",mode="reliable"}`] = "0"
		}
		want[`lost_messages{mode="reliable"}`] = "0"
		want[`saved_messages_total{mode="reliable"}`] = "0"
		wantSeries(t, c, values())

		send(reliable.ModeLatest, 100, lost, 5*time.Millisecond)
		send(reliable.ModeLatest, 100, clean, 0)
		read(reliable.ModeLatest, 1, 1)
		want[`given_up_messages_total{fate="superseded",mode="reliable"}`] = "1"
		wantSeries(t, c, values())

		send(reliable.ModeUnreliable, 100, lost, 5*time.Millisecond)
		send(reliable.ModeUnreliable, 100, clean, 0)
		read(reliable.ModeUnreliable, 1, 0)
		want[`given_up_messages_total{fate="lost",mode="reliable"}`] = "1"
		want[`lost_messages{mode="reliable"}`] = "1"
		wantSeries(t, c, values())

		send(reliable.ModeDeadline, 100, lost, 15*time.Millisecond) // its copies are lost, too
		send(reliable.ModeDeadline, 100, clean, 0)
		read(reliable.ModeDeadline, 1, 1)
		want[`given_up_messages_total{fate="skipped",mode="reliable"}`] = "1"
		want[`undelivered_messages_total{fate="passed_over",mode="reliable"}`] = "1"
		wantSeries(t, c, values())

		send(reliable.ModeSequenced, 100, late, 0)
		send(reliable.ModeSequenced, 100, clean, 0)
		read(reliable.ModeSequenced, 1, 1)
		want[`undelivered_messages_total{fate="stale",mode="reliable"}`] = "1"
		wantSeries(t, c, values())

		send(reliable.ModeOrdered, 100, lost, 0)
		read(reliable.ModeOrdered, 1, 0)
		want[`saved_messages_total{mode="reliable"}`] = "1"
		wantSeries(t, c, values())

		// The receiver keeps 1 MiB for a slow reader: room for the second alone.
		send(reliable.ModeUnreliable, 600_000, clean, time.Second)
		send(reliable.ModeUnreliable, 600_000, clean, time.Second)
		read(reliable.ModeUnreliable, 1, 1)
		want[`undelivered_messages_total{fate="dropped",mode="reliable"}`] = "1"
		want[`sent_messages_total{mode="reliable"}`] = "11"
		want[`delivered_messages_total{mode="reliable"}`] = "6"
		want[`acknowledged_messages_total{mode="reliable"}`] = "8"
		s, r := sender.Stats(), receiver.Stats()
		if s.Repeats == 0 || r.Repeats != 0 || s.RepeatBytes != 100*s.Repeats {
			t.Errorf("%d copies of %d bytes by the sender, %d by the receiver", s.Repeats, s.RepeatBytes, r.Repeats)
		}
		wantSeries(t, c, values())

		sender.Close()
		receiver.Close()
		from.Close()
		to.Close()
		for _, r := range retire {
			r()
		}
		wantSeries(t, c, values())
	})
}
