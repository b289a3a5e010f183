package udp

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// faulty is a sender whose kernel fails where a test says so, and the receiver.
type faulty struct {
	*Socket
	in    *Inbox
	at    netip.AddrPort // of the sender
	to    netip.AddrPort // of the receiver
	calls [][]sentMessage
}

// sentMessage is a message as it was given to the kernel.
type sentMessage struct {
	bytes   []byte // with the tail, if there is one
	segment int    // 0: one datagram
	mark    ECN
}

// newFaulty sends over loopback what fail does not fail. It sees each call
// before the kernel does, and says how many messages to give it, and what to
// fail with if that is none.
func newFaulty(t *testing.T, fail func(call []sentMessage) (give int, errno syscall.Errno)) *faulty {
	receiver := New(loopback(t, "udp4", "127.0.0.1:0"))
	f := &faulty{in: receiver.NewInbox(), to: addrOf(receiver)}
	f.Socket = dialer(t, f.to)
	f.at = addrOf(f.Socket)
	if f.Ladder().Send != Segments {
		t.Fatalf("this system sends by %v", f.Ladder().Send)
	}
	f.messages.send = func(fd uintptr, headers []unix.Mmsghdr) (int, syscall.Errno) {
		call := make([]sentMessage, len(headers))
		for i := range headers {
			call[i] = readMessage(&headers[i].Hdr)
		}
		f.calls = append(f.calls, call)
		give, errno := fail(call)
		if give == 0 {
			return 0, errno
		}
		return sendCall(fd, headers[:give])
	}
	return f
}

func readMessage(h *unix.Msghdr) (m sentMessage) {
	for _, v := range unsafe.Slice(h.Iov, h.Iovlen) {
		m.bytes = append(m.bytes, unsafe.Slice(v.Base, v.Len)...)
	}
	for rest := unsafe.Slice(h.Control, h.Controllen); len(rest) > 0; {
		head, data, after, err := unix.ParseOneSocketControlMessage(rest)
		if err != nil {
			panic(err)
		}
		switch {
		case head.Level == unix.IPPROTO_UDP && head.Type == unix.UDP_SEGMENT:
			m.segment = int(*(*uint16)(unsafe.Pointer(&data[0])))
		case head.Level == unix.IPPROTO_IP && head.Type == unix.IP_TOS:
			m.mark = ECN(data[0])
		}
		rest = after
	}
	return m
}

func all(call []sentMessage) (int, syscall.Errno) { return len(call), 0 }

func joined(call []sentMessage) bool { return call[0].segment > 0 }

// burst sends one, and expects those of its datagrams that are not lost to
// arrive.
func (f *faulty) burst(t *testing.T, b []byte, size int, mark ECN, arrives ECN, lost ...int) error {
	t.Helper()
	f.calls = nil
	want := cut(b, size)
	for _, i := range slices.Backward(lost) {
		want = slices.Delete(want, i, i+1)
	}
	sent, err := f.WriteBurst(b, size, f.to, mark)
	if sent != len(want) {
		t.Errorf("sent %d, want %d (%v)", sent, len(want), err)
	}
	expectBurst(t, f.in, want, f.at, arrives)
	return err
}

// Segments that fail where single datagrams pass are given up for good, and
// nothing is lost over it.
func TestSegmentsAreGivenUp(t *testing.T) {
	for _, why := range []syscall.Errno{unix.EIO, unix.EINVAL, unix.EMSGSIZE, unix.EOPNOTSUPP} {
		f := newFaulty(t, func(call []sentMessage) (int, syscall.Errno) {
			if joined(call) {
				return 0, why
			}
			return all(call)
		})
		for i := range 2 {
			if err := f.burst(t, pattern(10_500), 1000, ECT0, ECT0); err != nil {
				t.Errorf("%v: %v", why, err)
			}
			if want := 2 - i; len(f.calls) != want {
				t.Errorf("%v: burst %d took %d calls, want %d", why, i, len(f.calls), want)
			}
		}
		if l := f.Ladder(); l.Send != Batch || l.Demotions != 1 || l.SendCalls != 2 {
			t.Errorf("%v: %+v, want Batch after one demotion and two calls", why, l)
		}
		if !f.CarriesECN() {
			t.Errorf("%v: marks were blamed", why)
		}
	}
}

// Where single datagrams fail as well, segments were not at fault: a probe
// that is too large for the device must not cost them.
func TestTooLargeDatagramsDoNotCostSegments(t *testing.T) {
	for _, why := range []struct{ joined, single syscall.Errno }{{unix.EMSGSIZE, unix.EMSGSIZE}, {unix.EINVAL, unix.EMSGSIZE}} {
		f := newFaulty(t, func(call []sentMessage) (int, syscall.Errno) {
			switch {
			case joined(call) && call[0].segment > 1400:
				return 0, why.joined
			case !joined(call) && len(call[0].bytes) > 1400:
				return 0, why.single
			}
			return all(call)
		})
		if err := f.burst(t, pattern(3*1500), 1500, ECT0, ECT0, 0, 1, 2); !errors.Is(err, why.single) {
			t.Errorf("%v: got %v", why, err)
		}
		if err := f.burst(t, pattern(3*1400), 1400, ECT0, ECT0); err != nil || len(f.calls) != 1 || !joined(f.calls[0]) {
			t.Errorf("%v: then got %v after %d calls", why, err, len(f.calls))
		}
		if l := f.Ladder(); l.Send != Segments || l.Demotions != 0 || !f.CarriesECN() {
			t.Errorf("%v: %+v, want no demotion", why, l)
		}
	}
}

// A datagram that fails is the only one that is lost, and what is not blamed on
// segments does not cost them.
func TestOneDatagramFails(t *testing.T) {
	data := pattern(10_000)
	for _, most := range []Offload{OffloadAuto, OffloadBatch, OffloadNone} {
		for _, bad := range []int{0, 4, 9} {
			f := newFaulty(t, func(call []sentMessage) (int, syscall.Errno) {
				at := slices.IndexFunc(call, func(m sentMessage) bool { return bytes.Contains(m.bytes, data[bad*1000:][:1000]) })
				switch {
				case at < 0:
					return all(call)
				case at == 0:
					return 0, unix.EPERM
				}
				return at, 0 // and the next call tells, as the kernel does
			})
			f.Limit(most)
			before := f.Ladder()
			if err := f.burst(t, data, 1000, ECT0, ECT0, bad); !errors.Is(err, unix.EPERM) {
				t.Errorf("%v, datagram %d: got %v", most, bad, err)
			}
			if l := f.Ladder(); l.Send != before.Send || l.Demotions != 0 || !f.CarriesECN() {
				t.Errorf("%v, datagram %d: %+v, want no demotion", most, bad, l)
			}
		}
	}
}

// What waits in the socket as an error of an earlier datagram costs none.
func TestPendingErrorsCostNoBurst(t *testing.T) {
	first := true
	f := newFaulty(t, func(call []sentMessage) (int, syscall.Errno) {
		if first {
			first = false
			return 0, unix.ECONNREFUSED
		}
		return all(call)
	})
	if err := f.burst(t, pattern(5000), 1000, NotECT, NotECT); err != nil {
		t.Error(err)
	}
	if l := f.Ladder(); l.Send != Segments {
		t.Errorf("%+v, want no demotion", l)
	}
}

// A call that takes only some messages is followed by another for the rest.
func TestPartialCalls(t *testing.T) {
	f := newFaulty(t, func(call []sentMessage) (int, syscall.Errno) { return min(3, len(call)), 0 })
	f.Limit(OffloadBatch)
	if err := f.burst(t, pattern(10_000), 1000, CE, CE); err != nil {
		t.Error(err)
	}
	if len(f.calls) != 4 {
		t.Errorf("%d calls for 10 messages of which each takes 3", len(f.calls))
	}
}

// A system without sendmmsg or recvmmsg is asked once.
func TestMissingCallsAreGivenUp(t *testing.T) {
	f := newFaulty(t, func(call []sentMessage) (int, syscall.Errno) {
		if len(call) > 1 {
			return 0, unix.ENOSYS
		}
		return all(call)
	})
	f.Limit(OffloadBatch)
	missing := 0
	f.in.socket.messages.receive = func(fd uintptr, headers []unix.Mmsghdr) (int, syscall.Errno) {
		if len(headers) > 1 {
			missing++
			return 0, unix.ENOSYS
		}
		return receiveCall(fd, headers)
	}
	for range 2 {
		if err := f.burst(t, pattern(10_000), 1000, NotECT, NotECT); err != nil {
			t.Error(err)
		}
	}
	if l := f.Ladder(); l.Send != Single || l.Demotions != 1 || len(f.calls) != 10 {
		t.Errorf("%+v after %d calls for the second burst, want Single, one demotion, 10 calls", l, len(f.calls))
	}
	if l := f.in.socket.Ladder(); l.Receive != Single || l.Demotions != 1 || missing != 1 {
		t.Errorf("%+v after %d calls that are missing, want Single, one demotion, 1 call", l, missing)
	}
}

// A system that takes no marks gets the datagrams without, and is not asked
// again; segments are not blamed.
func TestRefusedMarksAreLeftOut(t *testing.T) {
	for _, why := range []syscall.Errno{unix.EINVAL, unix.EOPNOTSUPP, unix.ENOPROTOOPT} {
		f := newFaulty(t, func(call []sentMessage) (int, syscall.Errno) {
			if call[0].mark != NotECT {
				return 0, why
			}
			return all(call)
		})
		for _, burst := range [][]byte{pattern(5000), pattern(1000)} {
			if err := f.burst(t, burst, 1000, ECT0, NotECT); err != nil {
				t.Errorf("%v: %v", why, err)
			}
		}
		if len(f.calls) != 1 {
			t.Errorf("%v: asked again: %d calls for one datagram", why, len(f.calls))
		}
		if l := f.Ladder(); f.CarriesECN() || l.Send != Segments || l.Demotions != 0 {
			t.Errorf("%v: carries marks: %v, %+v", why, f.CarriesECN(), l)
		}
	}
}

// A full send buffer is waited for.
func TestFullBufferIsWaitedFor(t *testing.T) {
	full := 3
	f := newFaulty(t, all)
	f.messages.send = func(fd uintptr, headers []unix.Mmsghdr) (int, syscall.Errno) {
		if full--; full >= 0 {
			// Something of the socket's leaves, which is when the poller looks again.
			if err := unix.Sendto(int(fd), nil, 0, nil); err != nil {
				t.Error(err)
			}
			return 0, unix.EAGAIN
		}
		return sendCall(fd, headers)
	}
	data := pattern(5000)
	if sent, err := f.WriteBurst(data, 1000, f.to, NotECT); sent != 5 || err != nil {
		t.Errorf("sent %d, %v", sent, err)
	}
	expectBurst(t, f.in, append([][]byte{{}, {}, {}}, cut(data, 1000)...), f.at, NotECT)
}

// A kernel that mangles segments of one size never gets any: a message of
// segments ends with a smaller one, which is no packet, or there is no message
// of segments.
func TestEqualSegmentsEndWithASmallerOne(t *testing.T) {
	f := newFaulty(t, all)
	f.messages.oddTail = true
	for count := 1; count <= 2*MaxSegments+1; count++ {
		for _, short := range []int{0, 1, 99} {
			f.calls = nil
			b := bytes.Repeat([]byte("0123456789"), 10*count)
			b = b[:len(b)-short]
			if sent, err := f.WriteBurst(b, 100, f.to, NotECT); sent != count || err != nil {
				t.Fatalf("sent %d of %d, %v", sent, count, err)
			}
			tails := 0
			for _, call := range f.calls {
				for _, m := range call {
					if m.segment == 0 {
						continue
					}
					if len(m.bytes)%m.segment == 0 {
						t.Fatalf("%d datagrams: %d bytes as segments of %d", count, len(m.bytes), m.segment)
					}
					if m.bytes[len(m.bytes)-1] == tail[0] {
						tails++
					}
				}
			}
			got := []byte(nil)
			for range count + tails {
				d, err := receive(f.in)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(d.Bytes, tail[:]) {
					got = append(got, d.Bytes...)
				}
			}
			if !bytes.Equal(got, b) {
				t.Fatalf("%d datagrams did not arrive as they were sent", count)
			}
		}
	}
}
