package workload

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"udplab/bench/rival/contender"
)

// fake is a contender in memory, for tests in virtual time: a message takes
// exactly as long as it says.
type fake struct {
	send   time.Duration // what Send takes
	delay  time.Duration // from Send's return to the other end
	stalls int           // messages a pipe takes before it takes no more; 0 = never, -1 = it refuses all
}

func (f fake) contender() contender.Contender {
	network := make(chan *fakePipe)
	return contender.Contender{
		Name: "fake",
		Listen: func(contender.Options) (contender.Listener, error) {
			return &fakeListener{network, make(chan struct{}), sync.Once{}}, nil
		},
		NewDialer: func(contender.Options) (contender.Dialer, error) { return fakeDialer{f, network}, nil },
	}
}

type fakeListener struct {
	network chan *fakePipe
	closed  chan struct{}
	once    sync.Once
}

func (*fakeListener) Addr() netip.AddrPort { return netip.MustParseAddrPort("192.0.2.1:9") }

func (l *fakeListener) Accept(ctx context.Context) (contender.Pipe, error) {
	select {
	case p := <-l.network:
		return p, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *fakeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

type fakeDialer struct {
	fake
	network chan *fakePipe
}

func (d fakeDialer) Dial(ctx context.Context, _ netip.AddrPort) (contender.Pipe, error) {
	there, back := make(chan parcel, 1<<10), make(chan parcel, 1<<10)
	local := &fakePipe{fake: d.fake, out: there, in: back, closed: make(chan struct{})}
	peer := &fakePipe{fake: d.fake, out: back, in: there, closed: make(chan struct{})}
	// A listener without a backlog: the connection waits, not the dialer.
	go func() {
		select {
		case d.network <- peer:
		case <-local.closed:
		case <-ctx.Done():
		}
	}()
	return local, nil
}

func (fakeDialer) Close() error { return nil }

// parcel is a message on its way.
type parcel struct {
	msg []byte
	due time.Time
}

type fakePipe struct {
	fake
	out    chan<- parcel
	in     <-chan parcel
	sent   int
	closed chan struct{}
	once   sync.Once
}

func (p *fakePipe) Send(msg []byte) error {
	if p.stalls < 0 {
		time.Sleep(p.delay)
		return errors.New("refused")
	}
	if p.stalls > 0 && p.sent >= p.stalls {
		<-p.closed
		return net.ErrClosed
	}
	p.sent++
	time.Sleep(p.send)
	select {
	case p.out <- parcel{slices.Clone(msg), time.Now().Add(p.delay)}:
		return nil
	case <-p.closed:
		return net.ErrClosed
	}
}

func (p *fakePipe) Receive(buf []byte) (int, error) {
	select {
	case parcel := <-p.in:
		time.Sleep(time.Until(parcel.due))
		return copy(buf, parcel.msg), nil
	case <-p.closed:
		return 0, net.ErrClosed
	}
}

func (p *fakePipe) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// noNetwork is a path that changes nothing, and counts what it is told to.
type noNetwork struct{ count carried }

func (noNetwork) Enter(to netip.AddrPort) (netip.AddrPort, error) { return to, nil }
func (n noNetwork) Carried() carried                              { return n.count }
func (noNetwork) Close() error                                    { return nil }
