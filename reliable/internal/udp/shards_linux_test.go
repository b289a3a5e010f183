package udp

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// Datagrams of one sender come to one shard, those of many to all, and each
// shard answers from the one address.
func TestShards(t *testing.T) {
	for _, f := range families {
		for _, n := range []int{1, 4} {
			at, err := net.ResolveUDPAddr(f.network, f.listen)
			if err != nil {
				t.Fatal(err)
			}
			shards, err := ListenShards(f.network, at, n)
			if err != nil {
				t.Fatal(err)
			}
			if len(shards) != n {
				t.Fatalf("%s: %d shards, want %d", f.name, len(shards), n)
			}
			for _, s := range shards {
				t.Cleanup(func() { s.Close() })
				if addrOf(s) != addrOf(shards[0]) {
					t.Errorf("%s: shards at %v and %v", f.name, addrOf(shards[0]), addrOf(s))
				}
			}
			spread(t, f.name, shards, netip.AddrPortFrom(netip.MustParseAddr(f.dial), addrOf(shards[0]).Port()))
			if c, err := net.ListenUDP(f.network, shards[0].LocalAddr().(*net.UDPAddr)); err == nil {
				c.Close()
				t.Errorf("%s, %d shards: a socket that did not ask to share took the port", f.name, n)
			}
		}
	}
}

// spread sends from many sockets, and has the shards answer.
func spread(t *testing.T, name string, shards []*Socket, to netip.AddrPort) {
	t.Helper()
	const senders, each = 64, 3
	peers := map[netip.AddrPort]*Inbox{}
	for range senders {
		peer := dialer(t, to)
		peers[addrOf(peer)] = peer.NewInbox()
		if sent, err := peer.WriteBurst(pattern(each*10), 10, to, NotECT); sent != each || err != nil {
			t.Fatalf("%s: sent %d, %v", name, sent, err)
		}
	}
	for i, s := range shards {
		_ = s.pc.SetReadDeadline(time.Now().Add(patience))
		in, got := s.NewInbox(), map[netip.AddrPort]int{}
		for in.TryReceive() == nil {
			for d, ok := in.Next(); ok; d, ok = in.Next() {
				got[d.From]++
			}
		}
		if len(got) == 0 {
			t.Errorf("%s: nothing came to shard %d of %d", name, i, len(shards))
		}
		for from, n := range got {
			if n != each {
				t.Errorf("%s: %d datagrams of %d of one sender came to shard %d", name, n, each, i)
			}
			if err := send(s, nil, from, NotECT); err != nil {
				t.Fatal(err)
			}
			if d, err := receive(peers[from]); err != nil || d.From != to {
				t.Errorf("%s: an answer from %v, %v, want %v", name, d.From, err, to)
			}
			delete(peers, from)
		}
	}
	if len(peers) > 0 {
		t.Errorf("%s: what %d of %d senders sent came nowhere", name, len(peers), senders)
	}
}
