package udp

import "testing"

// What was dropped is counted in datagrams, as far as what was read tells how
// many there are in a message, and never falls.
func TestDropsAreCountedInDatagrams(t *testing.T) {
	var a arrivals
	expect := func(raw, want uint64) {
		t.Helper()
		if got := a.count(raw); got != want {
			t.Errorf("the kernel counts %d: %d datagrams, want %d", raw, got, want)
		}
	}
	expect(0, 0)
	expect(2, 2) // nothing was read: one each
	a.read(10, 10)
	expect(5, 5)
	a.read(3, 100)
	a.read(1, 60)
	expect(5, 5)
	expect(7, 85) // 40 each
	expect(0, 85) // a closed socket tells nothing
}
