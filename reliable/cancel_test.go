package reliable

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Send that waits for a full buffer and is given up, by its context or a
// deadline, sent nothing: the peer gets exactly the messages whose Send
// succeeded, whole and in order, and what is given up holds no room.
func TestA30_CancelledSendSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connected(t, calm, &Config{SendBuffer: 64 << 10, ReceiveWindow: 64 << 10})
		message := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 5000+i) }
		sent := 0
		var gaveUp int
		for i := range 60 { // twice what both buffers hold: the peer reads nothing
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if i%2 == 0 { // given up before its deadline
				time.AfterFunc(time.Second/2, cancel)
			}
			switch err := a.Send(ctx, message(sent)); {
			case err == nil:
				sent++
			case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
				gaveUp++
			default:
				t.Fatal(err)
			}
			cancel()
		}
		if sent < 10 || gaveUp < 10 {
			t.Fatalf("%d sent, %d given up", sent, gaveUp)
		}
		for i := range sent {
			if got, err := b.Receive(t.Context()); err != nil || !bytes.Equal(got, message(i)) {
				t.Fatalf("message %d of %d: %d bytes, %v", i, sent, len(got), err)
			}
		}
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, err := b.Receive(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a message that was given up arrived: %d bytes, %v", len(got), err)
		}
		if s := a.Stats(); s.SendQueueBytes != 0 || s.MessagesSent != uint64(sent) {
			t.Errorf("%d bytes are held, %d messages count as sent of %d", s.SendQueueBytes, s.MessagesSent, sent)
		}
	})
}
