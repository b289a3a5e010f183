package reliable

import (
	"context"
	"errors"
	"io"
	"testing"
)

// A request that ends with CloseWrite and an answer that comes after it: the
// answering side sees io.EOF once it has read everything and may still send.
func TestCloseWriteEndsOneDirection(t *testing.T) {
	dialed, accepted := connect(t, nil)
	ctx := context.Background()
	for range 3 {
		if err := dialed.Send(ctx, []byte("question")); err != nil {
			t.Fatal(err)
		}
	}
	if err := dialed.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := dialed.Send(ctx, []byte("more")); !errors.Is(err, ErrFinished) {
		t.Errorf("sending after CloseWrite: %v, want ErrFinished", err)
	}
	for i := range 3 {
		if msg, err := accepted.Receive(ctx); err != nil || string(msg) != "question" {
			t.Fatalf("message %d: %q, %v", i, msg, err)
		}
	}
	if _, err := accepted.Receive(ctx); err != io.EOF {
		t.Errorf("after the last message: %v, want io.EOF", err)
	}
	if _, err := accepted.Write(make([]byte, 100_000)); err != nil {
		t.Fatalf("the other direction does not work any more: %v", err)
	}
	if err := accepted.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(dialed); err != nil || len(got) != 100_000 {
		t.Errorf("read %d bytes, %v, want 100000 and no error", len(got), err)
	}
}
