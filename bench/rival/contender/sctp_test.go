package contender

import "testing"

// What comes for an association that is closed already must open none.
// TestDataArrivesIntact shows that real ones open.
func TestOnlyAnInitOpensAnAssociation(t *testing.T) {
	chunk := func(kind byte) []byte {
		datagram := make([]byte, 32)
		datagram[12] = kind
		return datagram
	}
	for name, c := range map[string]struct {
		datagram []byte
		want     bool
	}{
		"init":             {chunk(1), true},
		"init ack":         {chunk(2), false},
		"selective ack":    {chunk(3), false},
		"abort":            {chunk(6), false},
		"data":             {chunk(0), false},
		"a header alone":   {chunk(1)[:12], false},
		"an empty message": {nil, false},
	} {
		if got := opensAssociation(c.datagram); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
