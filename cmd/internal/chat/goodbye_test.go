package chat

import "testing"

// A peer that leaves may say goodbye on a connection while this side moves to
// another one with it; the other then ends without a word.
func TestGoodbyeOnTheConnectionThatIsReplaced(t *testing.T) {
	c := newConversation(&reliableSession{events: make(stage, eventBuffer)})
	before := &link{adopted: true, run: "ann's", leaving: true}
	after := &link{adopted: true, run: "ann's"}
	stranger := &link{run: "bob's"}
	c.active, c.links = after, map[*link]bool{before: true, after: true, stranger: true}
	c.peer.heard("ann", "ann's")

	bye := Message{Kind: Bye, Name: "bob"}
	c.incoming(stranger, bye.Encode())
	if len(c.events) != 0 {
		t.Fatalf("a stranger's goodbye is told as %+v", <-c.events)
	}
	bye.Name = "ann"
	c.incoming(before, bye.Encode())
	if len(c.events) != 1 {
		t.Fatalf("%d events after the goodbye, want one", len(c.events))
	}
	if e := <-c.events; e.Kind != Peer || e.Peer != PeerLeft || e.Name != "ann" {
		t.Errorf("the goodbye is told as %+v, want that ann left", e)
	}
}
