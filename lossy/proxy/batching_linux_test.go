package proxy

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"udplab/lossy"
)

// What leaves as one message is what the kernel cuts into the same datagrams.
func TestRuns(t *testing.T) {
	var any segments
	any.most.Store(maxDatagram)
	var small segments
	small.most.Store(99)
	for _, c := range []struct {
		sizes   []int
		joining *segments
		want    []int
	}{
		{[]int{100}, &any, []int{1}},
		{[]int{100, 100, 100}, &any, []int{3}},
		{[]int{100, 100, 40}, &any, []int{3}},
		{[]int{100, 40, 100}, &any, []int{2, 1}},
		{[]int{40, 100, 100}, &any, []int{1, 2}},
		{[]int{100, 0, 100}, &any, []int{1, 1, 1}},
		{[]int{0, 0}, &any, []int{1, 1}},
		{[]int{30_000, 30_000, 30_000}, &any, []int{2, 1}},
		{[]int{65_507}, &any, []int{1}},
		{[]int{100, 100}, &small, []int{1, 1}},
		{[]int{99, 99}, &small, []int{2}},
	} {
		b := newBurst()
		for _, n := range c.sizes {
			b.bytes = append(b.bytes, make([]byte, n)...)
			b.added(0, lossy.NotECT)
		}
		var got []int
		for i := 0; i < b.count(); {
			n := b.run(i, c.joining)
			got = append(got, n)
			i += n
		}
		if len(got) != len(c.want) {
			t.Errorf("%v is sent as %v, want %v", c.sizes, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%v is sent as %v, want %v", c.sizes, got, c.want)
			}
		}
	}
}

// A path that cannot take segments of that size gets the datagrams one by one,
// from then on without trying.
func TestSegmentsThatFailAreSentSingly(t *testing.T) {
	receiver, at, ok := loopbackSocket()
	if !ok {
		t.Fatal("no socket")
	}
	defer unix.Close(receiver)
	sender, _, ok := loopbackSocket()
	if !ok {
		t.Fatal("no socket")
	}
	defer unix.Close(sender)
	if err := unix.Connect(sender, at); err != nil {
		t.Fatal(err)
	}
	// Without checksums there is no segmentation: EIO or EINVAL by the kernel.
	if err := unix.SetsockoptInt(sender, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
		t.Fatal(err)
	}
	b := newBurst()
	for _, letter := range "abc" {
		b.bytes = append(b.bytes, strings.Repeat(string(letter), 100)...)
		b.added(0, lossy.NotECT)
	}
	var s segments
	s.most.Store(maxDatagram)
	for range 2 {
		if taken, err := s.send(sender, nil, b, 0); taken != 3 || err != nil {
			t.Errorf("%d of 3 sent, %v", taken, err)
		}
	}
	if s.allow(100) {
		t.Error("it will be tried again")
	}
	in := newInbox()
	datagrams := 0
	for datagrams < 6 {
		messages, errno := in.receive(receiver, false)
		if errno != 0 {
			t.Fatalf("after %d datagrams: %v", datagrams, errno)
		}
		for _, m := range messages {
			if want := strings.Repeat(string("abc"[datagrams%3]), 100); string(m.bytes) != want {
				t.Errorf("datagram %d is %.5q, want %.5q", datagrams, m.bytes, want)
			}
			datagrams++
		}
	}
}

// Only what speaks against segments ends them.
func TestWhatEndsSegments(t *testing.T) {
	for why, most := range map[syscall.Errno]int{
		unix.EIO: 0, unix.EOPNOTSUPP: 0, unix.EINVAL: 1199, unix.EMSGSIZE: 1199,
		unix.ENOBUFS: maxDatagram, unix.EPERM: maxDatagram, unix.EAGAIN: maxDatagram,
	} {
		var s segments
		s.most.Store(maxDatagram)
		s.failed(1200, why)
		if got := int(s.most.Load()); got != most {
			t.Errorf("after %v segments of %d bytes are tried, want %d", why, got, most)
		}
	}
}

// The kernel counts a joined message that it drops as one.
func TestOverflowsCountDatagrams(t *testing.T) {
	var o overflows
	if got := o.count(3); got != 3 {
		t.Errorf("%d dropped with nothing read, want 3", got)
	}
	o.read([]message{{bytes: make([]byte, 1000), segment: 100}, {bytes: make([]byte, 10)}, {bytes: make([]byte, 250), segment: 100}})
	if got, want := o.count(5), uint64(3+9); got != want { // (10+1+3)/3 datagrams a message, twice
		t.Errorf("%d dropped, want %d", got, want)
	}
	if got := o.count(0); got != 12 {
		t.Errorf("%d dropped once the socket is closed, want the 12 of before", got)
	}
	o.read([]message{{}})
	if got := o.count(6); got != 13 {
		t.Errorf("%d dropped, want 13", got)
	}
}

// An ECN mark passes the proxy, alone and among others, over either family.
func TestECNIsCarried(t *testing.T) {
	for _, c := range []struct{ listen, upstream string }{
		{"127.0.0.1:0", "127.0.0.1:0"}, {"[::1]:0", "[::1]:0"}, {"[::1]:0", "127.0.0.1:0"}, {"127.0.0.1:0", "[::1]:0"}, {"[::]:0", "127.0.0.1:0"},
		{"0.0.0.0:0", "127.0.0.1:0"},
	} {
		service := markedSocket(t, c.upstream)
		p := startProxy(t, Config{Listen: c.listen}, newAlarm(), service.local())
		client := &markedClient{got: make(chan lossy.ECN, 16)}
		sys := newSystem()
		at := p.Addr()
		if at.Addr().IsUnspecified() {
			at = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), at.Port()) // a v4-mapped client
		}
		to, err := sys.dial(at, DefaultBuffer, client)
		if err != nil {
			t.Fatal(err)
		}
		marks := []lossy.ECN{lossy.NotECT, lossy.CE, lossy.CE, lossy.ECT1, lossy.ECT0, lossy.ECT0, lossy.ECT0, lossy.NotECT}
		out := newBurst()
		for i, mark := range marks {
			out.bytes = append(out.bytes, byte(i), 0, 0)
			out.added(0, mark)
		}
		sendAll(to, out)
		for i, mark := range marks {
			if got := <-service.got; got != mark {
				t.Errorf("%v to %v: datagram %d came up with %v, want %v", c.listen, c.upstream, i, got, mark)
			}
		}
		for i, mark := range marks { // the service sends back what it got
			if got := <-client.got; got != mark {
				t.Errorf("%v to %v: datagram %d came down with %v, want %v", c.listen, c.upstream, i, got, mark)
			}
		}
		to.close()
		sys.close()
	}
}

// markedService is an echo that keeps marks, and tells them.
type markedService struct {
	front
	got chan lossy.ECN
	out *burst
}

func markedSocket(t *testing.T, at string) *markedService {
	t.Helper()
	sys := newSystem()
	f, err := sys.listen(parseAddr(t, at), DefaultBuffer)
	if err != nil {
		t.Fatal(err)
	}
	s := &markedService{front: f, got: make(chan lossy.ECN, 16), out: newBurst()}
	var done sync.WaitGroup
	done.Go(func() { untilClosed(func() error { return f.receive(s.echo) }, func(err error) { t.Error(err) }) })
	t.Cleanup(func() {
		f.stop()
		done.Wait()
		f.close()
		sys.close()
	})
	return s
}

func (s *markedService) echo(messages []message) {
	for _, m := range messages {
		for more := true; more; {
			var d []byte
			d, more = m.next()
			s.out.bytes = append(s.out.bytes, d...)
			s.out.added(0, m.mark)
			sendAll(s.to(m.from), s.out)
			s.got <- m.mark
		}
	}
}

type markedClient struct{ got chan lossy.ECN }

func (c *markedClient) arrive(messages []message, _ *burst) {
	for _, m := range messages {
		for range m.count() {
			c.got <- m.mark
		}
	}
}

func (c *markedClient) readFailed(error) {}

// A batch that is not full has emptied the socket, so that it is waited for at
// once, without a call in vain; behind a full one there may be more.
func TestEmptiedSocketIsWaitedFor(t *testing.T) {
	sys, err := newBatching()
	if err != nil {
		t.Fatal(err)
	}
	defer sys.close()
	listening, err := sys.listen(parseAddr(t, "127.0.0.1:0"), DefaultBuffer)
	if err != nil {
		t.Fatal(err)
	}
	defer listening.close()
	f := listening.(*batchingFront)
	taken := 0
	f.take = func(messages []message) { taken += len(messages) }
	sender := socket(t, "udp", "127.0.0.1:0")
	for range inboxMessages + 1 {
		sendTo(t, sender, f.local())
	}
	for _, want := range []struct {
		done  bool
		taken int
	}{{true, inboxMessages}, {false, inboxMessages + 1}, {false, inboxMessages + 1}} {
		if done := f.tryReceive(uintptr(f.fd)); done != want.done || taken != want.taken {
			t.Errorf("done %v with %d messages taken, want %v and %d", done, taken, want.done, want.taken)
		}
	}

	service := socket(t, "udp", "127.0.0.1:0")
	got := new(counted)
	b := &batchingBack{sink: got, fd: -1}
	in, out := newInbox(), newBurst()
	if emptied, failed := b.read(in, out); !emptied || failed {
		t.Errorf("of a closed socket: emptied %v, failed %v", emptied, failed)
	}
	control(service, func(fd uintptr) { b.fd = int(fd) })
	for range inboxMessages + 1 {
		sendTo(t, sender, addrOf(service))
	}
	for _, want := range []struct {
		emptied bool
		taken   int
	}{{false, inboxMessages}, {true, inboxMessages + 1}, {true, inboxMessages + 1}} {
		if emptied, failed := b.read(in, out); emptied != want.emptied || failed || got.messages != want.taken {
			t.Errorf("emptied %v, failed %v, %d messages taken, want %v and %d", emptied, failed, got.messages, want.emptied, want.taken)
		}
	}
}

func sendTo(t *testing.T, from *net.UDPConn, to netip.AddrPort) {
	t.Helper()
	if _, err := from.WriteToUDPAddrPort([]byte("one"), to); err != nil {
		t.Fatal(err)
	}
}

// counted is a sink that counts messages.
type counted struct{ messages int }

func (c *counted) arrive(messages []message, _ *burst) { c.messages += len(messages) }

func (c *counted) readFailed(error) {}
