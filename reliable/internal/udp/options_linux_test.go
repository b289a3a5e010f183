package udp

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// Both buffers are what was asked for, as far as the system's limits allow, or
// beyond for whoever may.
func TestBuffersAreGranted(t *testing.T) {
	for _, f := range families {
		s := New(loopback(t, f.network, f.listen))
		const asked = 4 << 20
		s.Enlarge(asked)
		for _, c := range []struct {
			direction, limit string
			granted          int
		}{{"receive", "rmem_max", s.ReceiveBuffer()}, {"send", "wmem_max", s.SendBuffer()}} {
			want := asked
			if os.Geteuid() != 0 {
				want = min(want, systemLimit(t, c.limit))
			}
			if c.granted < want {
				t.Errorf("%s: %s buffer of %d bytes, want %d", f.name, c.direction, c.granted, want)
			}
		}
	}
}

func systemLimit(t *testing.T, name string) int {
	t.Helper()
	text, err := os.ReadFile("/proc/sys/net/core/" + name)
	if err != nil {
		t.Fatal(err)
	}
	limit, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return limit
}
