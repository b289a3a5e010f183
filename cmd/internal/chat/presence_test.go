package chat

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPresence(t *testing.T) {
	var p presence
	peer := func(s PeerState, text, reason string) []Event {
		return []Event{{Kind: Peer, Peer: s, Name: p.name, Text: text, Reason: reason}}
	}
	steps := []struct {
		what string
		do   func() []Event
		want func() []Event
	}{
		{"nobody there yet", func() []Event { return p.absent("refused") }, func() []Event { return peer(PeerWaiting, "", "refused") }},
		{"still nobody: said once", func() []Event { return p.absent("refused") }, nil},
		{"no goodbye from nobody", func() []Event { return p.left() }, nil},
		{"joins", func() []Event { return p.heard("bob", "1") }, func() []Event { return peer(PeerJoined, "", "") }},
		{"talks", func() []Event { return p.heard("bob", "1") }, nil},
		{"talks without saying who", func() []Event { return p.heard("", "") }, nil},
		{"renames", func() []Event { return p.heard("rob", "1") }, func() []Event { return peer(PeerRenamed, "bob", "") }},
		{"leaves", func() []Event { return p.left() }, func() []Event { return peer(PeerLeft, "", "") }},
		{"is silent after its goodbye", func() []Event { return p.absent("refused") }, nil},
		{"comes back", func() []Event { return p.heard("rob", "1") }, func() []Event { return peer(PeerBack, "", "") }},
		{"goes", func() []Event { return p.absent("refused") }, func() []Event { return peer(PeerGone, "", "refused") }},
		{"starts anew", func() []Event { return p.heard("rob", "2") }, func() []Event { return peer(PeerRestarted, "", "") }},
		{"starts anew unnoticed", func() []Event { return p.heard("rob", "3") }, func() []Event { return peer(PeerRestarted, "", "") }},
	}
	for _, s := range steps {
		got := s.do()
		var want []Event
		if s.want != nil {
			want = s.want()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: want - got +\n%s", s.what, diff)
		}
	}
}
