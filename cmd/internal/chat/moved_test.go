package chat

import (
	"testing"
	"testing/synctest"
)

// Both sides dialed, and the peer says goodbye to one connection before this
// side read its hello on the other. It was there all the time. The readers of
// two connections race, so this was met in one of 500 runs on a busy machine.
func TestPeerMovesBeforeItsHello(t *testing.T) {
	for _, c := range []struct {
		name  string
		other bool // there is another connection,
		hello bool // on which the peer says hello in the end
		want  []PeerState
	}{
		{"its hello comes", true, true, []PeerState{PeerJoined}},
		{"its hello never comes", true, false, []PeerState{PeerJoined, PeerGone}},
		{"there is no other connection", false, false, []PeerState{PeerJoined, PeerGone}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := make(inboxes)
				l, end := reading(t, e)
				first, second := newInbox(immediately), newInbox(immediately)
				e <- first
				if c.other {
					e <- second
				}
				synctest.Wait()
				first.put(hello("run"))
				first.put(Message{Kind: Moved})
				close(first.over)
				synctest.Wait()
				if c.other {
					l.wantStates("bob", PeerJoined)
				}
				if c.hello {
					second.put(hello("run"))
					synctest.Wait()
					l.wantStates("bob", c.want...)
					end(second)
					return
				}
				close(second.over)
				synctest.Wait()
				l.wantStates("bob", c.want...)
				end()
			})
		})
	}
}
