package proxy

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Without descriptors no flow can be opened: counted, and it recovers.
func TestOutOfDescriptors(t *testing.T) {
	p := startProxy(t, Config{}, newAlarm(), echo(t, "127.0.0.1:0"))
	old, fresh := client(t, p), client(t, p)
	exchange(t, old, "before")

	restore := exhaustDescriptors(t)
	send(t, fresh, "no socket for me")
	got := exchange(t, old, "others go on")
	restore()

	if got != "others go on" {
		t.Errorf("got %q", got)
	}
	if n := p.Stats().Up.Dropped[CauseFlowError]; n != 1 {
		t.Errorf("%d datagrams dropped for want of a socket, want 1", n)
	}
	if err := p.FlowError(); !errors.Is(err, unix.EMFILE) {
		t.Errorf("the reason is %v, want EMFILE", err)
	}
	if got := exchange(t, fresh, "now"); got != "now" {
		t.Errorf("got %q once there are descriptors again", got)
	}
}

// What no socket can ever be connected to is no upstream: not for the broadcast
// address of a network, whose mask the system knows, nor on a link that is not there.
func TestUpstreamsThatCannotBeAreRefused(t *testing.T) {
	p := startProxy(t, Config{}, newAlarm(), echo(t, "127.0.0.1:0"))
	for address, why := range map[string]unix.Errno{"127.255.255.255:9": unix.EACCES, "[fe80::1%nowhere]:9": unix.EINVAL} {
		_, err := New(Config{Listen: "127.0.0.1:0", Upstream: address})
		moved := p.Change(func(s *Settings) error { s.Upstream = parseAddr(t, address); return nil })
		for _, err := range []error{err, moved} {
			if _, ok := errors.AsType[*AddressError](err); !ok || !errors.Is(err, why) {
				t.Errorf("upstream %s: %v, want an *AddressError of %v", address, err, why)
			}
		}
	}
}

// exhaustDescriptors lowers the limit of open files to those open now.
func exhaustDescriptors(t *testing.T) (restore func()) {
	t.Helper()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(lowestFree(t)), Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
	}
}

// lowestFree is the number that a new file gets.
func lowestFree(t *testing.T) uintptr {
	t.Helper()
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return f.Fd()
}

// What overflows our own socket is counted apart, and exactly, before and
// after the socket is closed.
func TestKernelDropsAreCounted(t *testing.T) {
	const flood = 2000
	sink := socket(t, "udp", "127.0.0.1:0")
	// Not started, so nobody reads the listen socket.
	p, err := open(Config{Listen: "127.0.0.1:0", Upstream: addrOf(sink).String(), Buffer: 1, MaxFlows: 1}, new(portable), clock{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.front.close()
	c := client(t, p)
	for range flood {
		send(t, c, "drop me")
	}
	held := uint64(0)
	raw, err := p.front.(*portableFront).conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	if err := raw.Control(func(fd uintptr) {
		for {
			if _, _, err := unix.Recvfrom(int(fd), buf, unix.MSG_DONTWAIT); err != nil {
				break
			}
			held++
		}
	}); err != nil {
		t.Fatal(err)
	}
	s := p.Stats()
	if got, want := s.Up.Dropped[CauseKernelRx], flood-held; got != want || held == 0 || want == 0 {
		t.Errorf("kernel_rx %d with %d of %d datagrams held, want %d", got, held, flood, want)
	}
	if s.Up.PacketsReceived != flood-held || s.Up.Unaccounted() != 0 {
		t.Errorf("%d came in and %d are unaccounted for, want those that were dropped and 0", s.Up.PacketsReceived, s.Up.Unaccounted())
	}
	if len(p.Warnings()) != 0 {
		t.Errorf("warned although the system granted the single byte asked for: %q", p.Warnings())
	}
}

func TestSmallBufferIsWarnedOf(t *testing.T) {
	for _, c := range []struct {
		granted, asked int
		warned         string
	}{
		{208 << 10, 0, "granted 208 KiB of the 32768 KiB"},
		{4<<20 - 1, 0, "granted 4095 KiB of the 32768 KiB"},
		{4 << 20, 0, ""}, // what is asked for by default is plenty
		{4 << 20, 8 << 20, "granted 4096 KiB of the 8192 KiB"},
		{8 << 20, 8 << 20, ""},
		{1, 1, ""},
		{1<<30 - 1, MaxBuffer, ""},
		{0, 0, ""}, // not told
	} {
		if got := bufferWarning(c.granted, c.asked); got == "" != (c.warned == "") || !strings.Contains(got, c.warned) {
			t.Errorf("granted %d, asked %d: %q, want %q", c.granted, c.asked, got, c.warned)
		}
	}
}

// More than net.core.rmem_max is granted to who may administer the network, and
// anybody gets at least as much as without asking for too much.
func TestBuffersAreAskedForInEarnest(t *testing.T) {
	s, err := newBatching()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	const least, much = 64 << 10, 64 << 20
	f, err := s.listen(netip.MustParseAddrPort("127.0.0.1:0"), much)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	receive, send := f.buffers()
	if receive < least || send < least {
		t.Errorf("granted %d and %d bytes", receive, send)
	}
	forced := unix.EPERM
	control(socket(t, "udp", "127.0.0.1:0"), func(fd uintptr) {
		forced, _ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, much).(unix.Errno)
	})
	if forced == 0 && (receive < much || send < much) {
		t.Errorf("who may force was granted %d and %d bytes, want %d", receive, send, much)
	}
}
