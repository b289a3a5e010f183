package chat

import (
	"net/netip"
	"testing"
)

func TestSettle(t *testing.T) {
	home, away := netip.MustParseAddrPort("192.0.2.1:9001"), netip.MustParseAddrPort("192.0.2.1:40000")
	cases := []struct {
		name          string
		current, next rival
		want          verdict
	}{
		{"restarted at its address", rival{true, home, "b"}, rival{false, home, "c"}, replaceOld},
		{"somebody else", rival{true, home, "b"}, rival{false, away, "c"}, refuseNew},
		{"this program itself", rival{true, home, "b"}, rival{false, home, "m"}, refuseNew},
		{"the peer dialed again", rival{false, home, "b"}, rival{false, away, "b"}, replaceOld},
		{"both dialed, the peer's run is smaller: ours stands", rival{true, home, "b"}, rival{false, away, "b"}, keepOld},
		{"the same, the other order", rival{false, home, "b"}, rival{true, away, "b"}, switchOver},
		{"both dialed, the peer's run is larger: its stands", rival{true, home, "z"}, rival{false, away, "z"}, switchOver},
	}
	for _, c := range cases {
		if got := settle("m", c.current, c.next); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

// TestBothSidesSettleAlike: of two connections between the same two programs,
// dialed one by each, both sides keep the same, in whatever order each learned
// of them.
func TestBothSidesSettleAlike(t *testing.T) {
	kept := func(own, peer string, ownDialFirst bool) (ownDial bool) {
		mine, theirs := rival{dialed: true, run: peer}, rival{dialed: false, run: peer}
		if ownDialFirst {
			return settle(own, mine, theirs) == keepOld
		}
		return settle(own, theirs, mine) == switchOver
	}
	for _, aFirst := range []bool{true, false} {
		for _, bFirst := range []bool{true, false} {
			if a, b := kept("1", "2", aFirst), kept("2", "1", bFirst); a == b {
				t.Errorf("own dial first %v and %v: side 1 keeps its dial %v, side 2 keeps its dial %v", aFirst, bFirst, a, b)
			}
		}
	}
}
