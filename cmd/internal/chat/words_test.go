package chat

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"udplab/reliable/raw"
)

func TestSentences(t *testing.T) {
	cases := []struct {
		e    Event
		want string
	}{
		{Event{Kind: Received, Text: "hi"}, ""},
		{Event{Kind: Lost, Missing: 1}, "1 message lost before this one"},
		{Event{Kind: Lost, Missing: 2}, "2 messages lost before this one"},
		{Event{Kind: Lost, Missing: 2, Reason: Goodbye}, "2 messages lost before the goodbye"},
		{Event{Kind: Lost, Missing: 3, Before: true}, "3 messages sent before this side listened, or lost"},
		{Event{Kind: Late, Extent: 1}, "late: overtaken, 1 arrival earlier"},
		{Event{Kind: Late}, "late by more than 1024, or a copy"},
		{Event{Kind: Duplicate}, "arrived again"},
		{Event{Kind: Damaged}, "damaged on the way"},
		{Event{Kind: BareText}, "bare text"},
		{Event{Kind: Failed, Reason: "network is unreachable"}, "not sent: network is unreachable"},
		{Event{Kind: Acked}, "delivered"},
		{Event{Kind: Acked, Retransmits: 2}, "delivered, repaired after 2 retransmits"},
		{Event{Kind: Peer, Peer: PeerWaiting, Reason: "nobody listens"}, "nobody listens; the chat goes on when the peer comes"},
		{Event{Kind: Peer, Peer: PeerJoined, Name: "bob"}, "bob is here"},
		{Event{Kind: Peer, Peer: PeerLeft}, "the peer left"},
		{Event{Kind: Peer, Peer: PeerGone, Name: "bob", Reason: "idle timeout"}, "bob is gone: idle timeout"},
		{Event{Kind: Peer, Peer: PeerBack, Name: "bob"}, "bob is back"},
		{Event{Kind: Peer, Peer: PeerRestarted, Name: "bob"}, "bob was restarted and is here again"},
		{Event{Kind: Peer, Peer: PeerRenamed, Name: "rob", Text: "bob"}, "bob is now called rob"},
		{Event{Kind: Peer, Peer: PeerBusy, Reason: "busy"}, "busy"},
	}
	for _, c := range cases {
		if got := c.e.Sentence(); got != c.want {
			t.Errorf("%v %v: got %q, want %q", c.e.Kind, c.e.Peer, got, c.want)
		}
	}
	if maxExtentShown != raw.Window {
		t.Errorf("the sentence says %d, the window is %d", maxExtentShown, raw.Window)
	}
}

// TestRecords: what a bot reads. Golden, because keys are a promise.
func TestRecords(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)
	const head = `{"schema":"udplab/chat-event/v1","time":"2026-01-02T03:04:05.006Z",`
	cases := []struct {
		r    Record
		want string
	}{
		{(&Event{Kind: Received, At: at, ID: 3, Name: "bob", Text: "hi", From: "[::1]:9"}).Record(),
			`"event":"receive","id":3,"name":"bob","text":"hi","from":"[::1]:9"}`},
		{(&Event{Kind: BareText, At: at, Text: "a\xff"}).Record(),
			`"event":"text","text":"a\ufffd","bytes":"Yf8="}`},
		{(&Event{Kind: Acked, At: at, ID: 1, Text: "x"}).Record(),
			`"event":"acked","id":1,"text":"x","retransmits":0}`},
		{(&Event{Kind: Lost, At: at, Missing: 2, Before: true}).Record(),
			`"event":"lost","missing":2,"before_joining":true}`},
		{(&Event{Kind: Late, At: at, Extent: 4}).Record(), `"event":"late","late_by":4}`},
		{(&Event{Kind: Peer, At: at, Peer: PeerOtherMode, Reason: "r"}).Record(),
			`"event":"peer","peer":"other-mode","reason":"r"}`},
		{Counters{LinesSent: 1, LinesDelivered: 1, RTT: 1500 * time.Microsecond}.Record(at, ReliableMode),
			`"event":"summary","summary":{"sent":1,"delivered":1,"received":0,"lost":0,"out_of_order":0,"duplicate":0,"corrupt":0,"malformed":0,"retransmits":0,"datagrams_sent":0,"datagrams_received":0,"bytes_sent":0,"bytes_received":0,"rtt_ms":1.5,"jitter_ms":0}}`},
	}
	for _, c := range cases {
		b, err := json.Marshal(c.r)
		if err != nil || string(b) != head+c.want {
			t.Errorf("got  %s, %v\nwant %s%s", b, err, head, c.want)
		}
	}
	b, _ := json.Marshal(Counters{}.Record(at, RawMode))
	if !strings.Contains(string(b), `"delivered":null`) {
		t.Errorf("raw mode claims to know what was delivered: %s", b)
	}
}

func TestNamesOfKindsAndStates(t *testing.T) {
	seen := map[string]bool{}
	for k := Received; k < eventKindEnd; k++ {
		seen[k.String()] = true
	}
	for s := PeerWaiting; s < peerStateEnd; s++ {
		seen[s.String()] = true
	}
	if want := int(eventKindEnd-1) + int(peerStateEnd-1); len(seen) != want || seen[""] {
		t.Errorf("%d different names for %d kinds and states: %v", len(seen), want, seen)
	}
	if eventKindEnd.String()[:3] != "BUG" || peerStateEnd.String()[:3] != "BUG" {
		t.Errorf("names beyond the end: %s, %s", eventKindEnd, peerStateEnd)
	}
}
