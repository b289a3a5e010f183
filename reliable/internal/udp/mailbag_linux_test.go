package udp

import (
	"bytes"
	"errors"
	"math"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An inbox asks for more messages while there are as many as it asked for, up to
// a round of some datagrams, and knows by a call that gave fewer that it has all
// there was: no call is made to learn that.
func TestInboxAsksForWhatThereIs(t *testing.T) {
	for _, c := range []struct {
		name   string
		sender Offload
		rounds []int // datagrams of each
	}{
		{"single datagrams", OffloadBatch, []int{2, 4, 8, 16, 16, 16, 2}},
		{"joined ones", OffloadAuto, []int{64}},
	} {
		to := New(loopback(t, "udp4", "127.0.0.1:0"))
		from := dialer(t, addrOf(to))
		from.Limit(c.sender)
		in := to.NewInbox()
		total := 0
		for _, n := range c.rounds {
			total += n
		}
		if sent, err := from.WriteBurst(pattern(100*total), 100, addrOf(to), NotECT); sent != total || err != nil {
			t.Fatal(sent, err)
		}
		for i, want := range c.rounds {
			if err := in.TryReceive(); err != nil {
				t.Fatalf("%s, round %d: %v", c.name, i, err)
			}
			got := 0
			for _, ok := in.Next(); ok; _, ok = in.Next() {
				got++
			}
			if last := i == len(c.rounds)-1; got != want || in.Drained() != last {
				t.Errorf("%s, round %d: %d datagrams, all there were: %v; want %d, %v", c.name, i, got, in.Drained(), want, last)
			}
		}
		if err := in.TryReceive(); !errors.Is(err, ErrEmpty) || !in.Drained() {
			t.Errorf("%s: then %v, drained %v", c.name, err, in.Drained())
		}
	}
}

// A socket that waits holds no buffer, and what could not be read leaves none.
func TestIdleInboxHoldsNoBuffer(t *testing.T) {
	f := newFaulty(t, all)
	bag := f.in.native
	bag.wait = true
	if bag.tryFill(uintptr(descriptor(t, f.in.socket))) || bag.bag != nil {
		t.Error("a socket that is about to wait holds a buffer")
	}
	if err := f.burst(t, pattern(100), 100, NotECT, NotECT); err != nil {
		t.Fatal(err)
	}
	if bag.bag != nil { // expectBurst read until there was nothing
		t.Error("an inbox that found nothing holds a buffer")
	}
	// Nor does it while it waits, so that what it had is gone with the next two
	// collections, which empty pools.
	_ = f.in.socket.pc.SetReadDeadline(time.Now().Add(patience))
	gone := make(chan struct{})
	if _, err := f.WriteBurst(pattern(100), 100, f.to, NotECT); err != nil {
		t.Fatal(err)
	}
	if err := f.in.Receive(); err != nil {
		t.Fatal(err)
	}
	runtime.AddCleanup(&bag.bag.buffers[0], func(gone chan struct{}) { close(gone) }, gone)
	over := make(chan error)
	go func() { over <- f.in.Receive() }()
	for !asleep() {
		runtime.Gosched()
	}
	for collected := false; !collected; {
		runtime.GC()
		select {
		case <-gone:
			collected = true
		case err := <-over:
			t.Fatalf("the buffer was still held after %v: %v", patience, err)
		default:
		}
	}
	f.in.socket.Close()
	<-over
}

func descriptor(t *testing.T, s *Socket) (fd int) {
	t.Helper()
	s.control(func(d uintptr) { fd = int(d) })
	return fd
}

// Whoever reads a socket after the inbox gets one datagram a call.
func TestResumedSocketJoinsNothing(t *testing.T) {
	f := newFaulty(t, all)
	f.in.socket.Resume()
	data := pattern(5000)
	if _, err := f.WriteBurst(data, 1000, f.to, NotECT); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, MaxDatagram)
	for i := range 5 {
		n, _, err := f.in.socket.pc.ReadFrom(buf)
		if err != nil || !bytes.Equal(buf[:n], data[i*1000:][:1000]) {
			t.Fatalf("datagram %d: %d bytes, %v", i, n, err)
		}
	}
}

// Control messages that are cut short, or claim more than there is, are left
// unread and harm nothing.
func TestControlMessagesAreNotBelieved(t *testing.T) {
	var send sendControl
	send.set(0, CE, false)
	put(&send, unix.IPPROTO_UDP, unix.UDP_GRO, int32(1200))
	var c receiveControl
	copy(c.bytes[:], unsafe.Slice((*byte)(unsafe.Pointer(&send.bytes)), send.used))
	var m message
	c.read(send.used, &m)
	if m.ecn != CE || m.segment != 1200 {
		t.Fatalf("whole: %v, segments of %d", m.ecn, m.segment)
	}
	for n := range send.used + 1 {
		m = message{}
		c.read(n, &m)
		if n < unix.CmsgLen(4) && m.ecn != NotECT || n < unix.CmsgSpace(4)+unix.CmsgLen(4) && m.segment != 0 {
			t.Errorf("%d bytes: read %v and segments of %d", n, m.ecn, m.segment)
		}
	}
	for _, length := range []int{0, 1, unix.SizeofCmsghdr - 1, unix.SizeofCmsghdr, 1 << 20, math.MaxInt, math.MinInt, -1} {
		hostile := c
		(*unix.Cmsghdr)(unsafe.Pointer(&hostile.bytes)).SetLen(length)
		m = message{}
		hostile.read(1<<30, &m)
		if m.ecn != NotECT {
			t.Errorf("length %d: read %v", length, m.ecn)
		}
	}
}
