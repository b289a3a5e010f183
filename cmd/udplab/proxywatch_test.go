package main

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"udplab/lossy/proxy"
)

// A trouble is told when it begins and then at most once a minute, while it grows.
func TestTroublesAreToldSeldom(t *testing.T) {
	var now time.Time
	var out bytes.Buffer
	s := testSession(t, func() time.Time { return now })
	s.say = &say{stderr: &out}
	w := &watched{told: make(map[string]told)}
	look := func(wants string, packets uint64) {
		t.Helper()
		out.Reset()
		s.tellTrouble("default", w, trouble{"some", packets, "some are lost"})
		if got := out.String(); got != wants {
			t.Errorf("%d packets: told %q, want %q", packets, got, wants)
		}
	}
	const warning = "warning: some are lost\n"
	look("", 0)
	look(warning, 1)
	now = now.Add(warnAgain - 1)
	look("", 2)
	now = now.Add(1)
	look(warning, 2)
	now = now.Add(time.Hour)
	look("", 2)
	look(warning, 3)
}

// Each trouble has its own words and says what to try.
func TestTroublesSayWhatToTry(t *testing.T) {
	s := testSession(t, time.Now)
	var stats proxy.Stats
	stats.ReceiveBuffer = 208 << 10
	for _, d := range []*proxy.DirectionStats{&stats.Up, &stats.Down} {
		for c := range d.Dropped {
			d.Dropped[c] = 5
		}
		for c := range d.Link.Dropped {
			d.Link.Dropped[c] = 5
		}
		d.Refused = 5
	}
	seen := make(map[string]bool)
	for _, trouble := range troubles(s.fleet.Proxy("default"), &stats) {
		what, try, found := strings.Cut(trouble.text, "; ")
		if !found || try == "" || seen[what] || trouble.packets == 0 {
			t.Errorf("%s: %d packets, %q", trouble.what, trouble.packets, trouble.text)
		}
		seen[what] = true
	}
	if len(seen) != 10 { // four causes each way, and two
		t.Errorf("%d troubles, want 10", len(seen))
	}
}

// More files are the remedy where files were wanting, and nowhere else.
func TestSocketRemedies(t *testing.T) {
	upstream := netip.MustParseAddrPort("192.0.2.1:9")
	for why, try := range map[syscall.Errno]string{
		syscall.EMFILE:       "; allow more files with ulimit -n, ",
		syscall.ENFILE:       "; allow the whole system more files, ",
		syscall.EHOSTUNREACH: "; see whether there is a route to the upstream 192.0.2.1:9, ",
		syscall.EACCES:       "; see whether there is a route to the upstream 192.0.2.1:9, ",
	} {
		err := os.NewSyscallError("connect", why)
		got := socketRemedy(err, upstream)
		if want := "no socket could be opened for their clients (" + err.Error() + ")" + try; !strings.HasPrefix(got, want) {
			t.Errorf("%v: told %q, want it to begin %q", why, got, want)
		}
	}
}

// A file that cannot be written is told of while the proxies run, once.
func TestRecordsThatFail(t *testing.T) {
	var out bytes.Buffer
	s := testSession(t, time.Now)
	s.say = &say{stderr: &out}
	var failed error
	s.records = []record{{failing: func() error { return failed }}, {failing: func() error { return nil }}}
	s.check()
	if got := out.String(); got != "" {
		t.Errorf("told %q although all is well", got)
	}
	failed = errors.New("no room")
	s.check()
	s.check()
	if got, want := out.String(), "warning: no room\n"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}
