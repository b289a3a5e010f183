package proxy

import (
	"net/netip"
	"sync/atomic"
	"testing"
	"time"
)

// What waits in the kernel when the proxy closes came before, so it is counted,
// although the listen reader has read a single batch of it.
func TestWhatWaitsForTheListenReaderIsCounted(t *testing.T) {
	const sent = 500
	p := startProxy(t, Config{}, newAlarm(), echo(t, "127.0.0.1:0"))
	c := client(t, p)
	p.table.mu.Lock() // the reader gets no further than its first batch
	for range sent {
		send(t, c, "x")
	}
	p.front.stop()
	p.draining.Store(true)
	p.table.mu.Unlock()
	p.Close()
	s := p.Stats()
	if s.Up.PacketsReceived != sent || s.Up.PacketsSent+s.Up.Dropped[CauseFlowClosed]+s.Up.Dropped[CauseKernelRx] != sent {
		t.Errorf("%d came in, %d went on and %d were dropped, want all of %d",
			s.Up.PacketsReceived, s.Up.PacketsSent, s.Up.Dropped[CauseFlowClosed], sent)
	}
}

// lateSink is a sink that counts, once it is let.
type lateSink struct {
	begun, let chan struct{}
	count      atomic.Int64
}

func (s *lateSink) arrive(messages []message, _ *burst) {
	if s.count.Load() == 0 {
		close(s.begun)
		<-s.let
	}
	for i := range messages {
		s.count.Add(int64(messages[i].count()))
	}
}

func (*lateSink) readFailed(error) {}

// The same of the sockets to the service.
func TestWhatWaitsFromTheServiceIsHandedOver(t *testing.T) {
	const sent = 500
	sys, err := newBatching()
	if err != nil {
		t.Fatal(err)
	}
	service := socket(t, "udp", "127.0.0.1:0")
	sink := &lateSink{begun: make(chan struct{}), let: make(chan struct{})}
	back, err := sys.dial(addrOf(service), DefaultBuffer, sink)
	if err != nil {
		t.Fatal(err)
	}
	defer back.close()
	to := netip.AddrPortFrom(addrOf(service).Addr(), back.port())
	write := func() {
		if _, err := service.WriteToUDPAddrPort([]byte("x"), to); err != nil {
			t.Error(err)
		}
	}
	write()
	select {
	case <-sink.begun:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	for range sent - 1 {
		write()
	}
	closed := make(chan struct{})
	go func() {
		sys.close()
		close(closed)
	}()
	eventually(t, "the poller is closing", func() bool {
		raw, err := sys.poller.SyscallConn()
		return err != nil || raw.Control(func(uintptr) {}) != nil
	})
	close(sink.let)
	<-closed
	if n := uint64(sink.count.Load()) + back.drops(); n != sent {
		t.Errorf("%d were handed over or dropped by the kernel, want %d", n, sent)
	}
}
