package proxy

import (
	"errors"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// newSystem prefers batches and falls back to what works everywhere.
func newSystem() system {
	if s, err := newBatching(); err == nil {
		return s
	}
	return new(portable)
}

// batching is the system that moves many datagrams a call, and reads the
// sockets of all flows in one goroutine: a flow costs a descriptor and no
// stack, buffer or poller state.
type batching struct {
	epoll   int      // the upstream sockets, level-triggered
	poller  *os.File // of epoll, in Go's poller, so that waiting takes no thread
	running sync.WaitGroup
	joins   bool // the kernel's segments are what they should be

	// only is the upstream socket if there is one alone, which is most often so. It
	// is read without asking the epoll instance, whose edge in Go's poller says enough.
	only atomic.Pointer[batchingBack]

	mu      sync.Mutex
	sockets map[uint64]*batchingBack // by token
	tokens  uint64                   // given out; never used again, unlike descriptors
	closed  bool
}

func newBatching() (*batching, error) {
	if !batchesWork() {
		return nil, errors.ErrUnsupported
	}
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	s := &batching{
		epoll: fd, poller: os.NewFile(uintptr(fd), "epoll"), joins: segmentsWork(),
		sockets: make(map[uint64]*batchingBack),
	}
	raw, err := s.poller.SyscallConn()
	if err != nil {
		s.poller.Close()
		return nil, err
	}
	s.running.Go(func() { s.poll(raw) })
	return s, nil
}

// poll reads the upstream sockets until close. As in batchingFront.tryReceive, it
// waits at once when it has emptied all that were ready.
func (s *batching) poll(raw syscall.RawConn) {
	var (
		events [64]unix.EpollEvent
		in     = newInbox()
		out    = newBurst()
		inARow int
	)
	rest := func(failed bool) {
		if !failed {
			inARow = 0
		} else if inARow++; inARow >= readFailuresInARow {
			time.Sleep(readPause)
		}
	}
	turn := func(fd uintptr) (done bool) {
		if b := s.only.Load(); b != nil {
			emptied, failed := b.read(in, out)
			rest(failed)
			return !emptied
		}
		n, err := unix.EpollWait(int(fd), events[:], 0)
		if err != nil {
			return err == unix.EINTR // nothing else can happen to an epoll descriptor that is open
		}
		done = n == len(events)
		for i := range n {
			b := s.find(token(&events[i]))
			if b == nil {
				continue
			}
			emptied, failed := b.read(in, out)
			done = done || !emptied
			rest(failed)
		}
		return done
	}
	for raw.Read(turn) == nil {
	}
	s.readRest(in, out)
}

// restReads bounds the reads of what is left in a socket when the proxy closes:
// several times what the largest buffer holds. Who sends on without a pause, as
// fast as that is read, does not keep the proxy from closing.
const restReads = 4096

// readRest hands over what has come to all sockets.
func (s *batching) readRest(in *inbox, out *burst) {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.sockets))
	s.mu.Unlock()
	reads := restReads
	for _, b := range all {
		for ; reads > 0; reads-- {
			if emptied, failed := b.read(in, out); emptied || failed {
				break
			}
		}
	}
}

// An epoll event carries 64 bits of ours, which package unix calls Fd and Pad.
func token(e *unix.EpollEvent) uint64 { return uint64(uint32(e.Fd)) | uint64(uint32(e.Pad))<<32 }

func (s *batching) find(token uint64) *batchingBack {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sockets[token]
}

// counted notes that there is one socket more or less. The caller holds s.mu, and
// has not added the new one to the epoll instance yet.
func (s *batching) counted() {
	s.only.Store(nil)
	if len(s.sockets) == 1 {
		for _, b := range s.sockets {
			s.only.Store(b)
		}
	}
}

func (s *batching) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.poller.Close()
	s.running.Wait()
}

// segmentLimit is where a new socket starts.
func (s *batching) segmentLimit() int32 {
	if s.joins {
		return maxDatagram
	}
	return 0
}
