package lossy

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"testing"
	"time"
)

// goldenVariants are ways to reorder, copy, damage and stop packets beyond those
// of TestSeedKeepsItsMeaning, and what comes out of them.
var goldenVariants = map[string]struct {
	profile Profile
	want    string
}{
	"uniform displacement":   {Profile{Reorder: 0.2, ReorderSpread: Displacement{Min: 1, Max: 8}}, "3f002f2666327553"},
	"geometric displacement": {Profile{Reorder: 0.2, ReorderSpread: Displacement{Mean: 3}}, "739890c7fe175815"},
	"held":                   {Profile{Reorder: 0.2, ReorderFor: 20 * time.Millisecond}, "8e5a552f8ea8809a"},
	"gap":                    {Profile{Delay: 10 * time.Millisecond, Reorder: 0.25, ReorderGap: 5}, "402e3dde63e6898d"},
	"copies":                 {Profile{Duplicate: 0.2, DuplicateCopies: 3, DuplicateDelay: 7 * time.Millisecond}, "1f5f74e0e3d8725c"},
	"bits":                   {Profile{Corrupt: 0.3, CorruptHow: Damage{N: 5}}, "6b21d2da8728fad3"},
	"bytes":                  {Profile{Corrupt: 0.3, CorruptHow: Damage{Kind: DamageBytes, N: 3}}, "ed2af198b0a23975"},
	"truncate":               {Profile{Corrupt: 0.3, CorruptHow: Damage{Kind: DamageTruncate}}, "4744acf544ee6901"},
	"extend":                 {Profile{Corrupt: 0.3, CorruptHow: Damage{Kind: DamageExtend, N: 9}}, "196ec44d60808493"},
	"stopped":                {Profile{MTU: 1300, Blackout: Blackout{"every=100ms,for=10ms"}, Drop: Rules{"size<100,every=3"}}, "e2f3655fbc54e805"},
}

// What comes out, when and with which bytes, is pinned as decisions are.
func TestSeedKeepsTheMeaningOfVariants(t *testing.T) {
	for name, c := range goldenVariants {
		l := NewLink(7, 3, Up, c.profile)
		h := sha256.New()
		take := func(until time.Duration) {
			for {
				due, some := l.NextTime()
				if !some || due > until {
					return
				}
				b, _ := l.Receive(due, nil)
				h.Write(binary.BigEndian.AppendUint64(nil, uint64(due)))
				h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
				h.Write(b)
			}
		}
		for i := range 2000 {
			now := time.Duration(i) * time.Millisecond
			take(now)
			payload := make([]byte, i*37%1400)
			for k := range payload {
				payload[k] = byte(i + k)
			}
			l.Send(now, payload)
		}
		take(1 << 62)
		if got := hex.EncodeToString(h.Sum(nil)[:8]); got != c.want {
			t.Errorf("%s: what seed 7, flow 3 lets out has hash %s, want %s", name, got, c.want)
		}
	}
}
