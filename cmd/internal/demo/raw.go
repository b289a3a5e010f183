package demo

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"udplab/lossy/proxy"
	"udplab/reliable/raw"
)

// rawTransport is plain UDP with numbers: nothing is repaired.
type rawTransport struct {
	sender   *raw.Conn
	receiver *raw.Conn
	proxy    *proxy.Proxy
	retire   []func()
}

// newRawTransport opens the sockets of both peers and the proxy between them.
func newRawTransport(cfg *Config) (_ transport, err error) {
	t := &rawTransport{}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	socket, err := net.ListenPacket("udp", loopback)
	if err != nil {
		return nil, fmt.Errorf("raw receiver: %w", err)
	}
	t.proxy, err = proxy.New(proxy.Config{Listen: loopback, Upstream: socket.LocalAddr().String(), Config: cfg.Network, Classify: cfg.Classify})
	if err != nil {
		socket.Close()
		return nil, err
	}
	// Nothing goes back: the receiver's peer address is never used.
	if t.receiver, err = raw.New(socket, t.proxy.Addr(), nil); err != nil {
		socket.Close()
		return nil, fmt.Errorf("raw receiver: %w", err)
	}
	if t.sender, err = dialRaw(t.proxy.Addr()); err != nil {
		return nil, fmt.Errorf("raw sender: %w", err)
	}
	t.report(&cfg.Instruments)
	return t, nil
}

func dialRaw(peer netip.AddrPort) (*raw.Conn, error) {
	socket, err := net.ListenPacket("udp", loopback)
	if err != nil {
		return nil, err
	}
	conn, err := raw.New(socket, peer, nil)
	if err != nil {
		socket.Close()
		return nil, err
	}
	return conn, nil
}

func (t *rawTransport) report(to *Instruments) {
	if to.Raw != nil {
		t.retire = append(t.retire, to.Raw.AddConn(t.sender.Stats), to.Raw.AddConn(t.receiver.Stats))
	}
	if to.Proxy != nil {
		t.retire = append(t.retire, to.Proxy.AddProxy(t.proxy.Stats))
	}
}

func (t *rawTransport) connect(context.Context) error { return nil }

func (t *rawTransport) send(_ context.Context, message []byte) error {
	_, err := t.sender.Send(message)
	return err
}

func (t *rawTransport) receive(ctx context.Context) (payload []byte, intact bool, err error) {
	for {
		event, err := t.receiver.Receive(ctx)
		if err != nil {
			return nil, false, err
		}
		switch event.Kind {
		case raw.Message:
			return event.Payload, true, nil
		case raw.Damaged, raw.Text, raw.WrongMode:
			// Nobody else sends here: whatever it looks like now, it was a
			// message once.
			return event.Payload, false, nil
		}
	}
}

func (t *rawTransport) idle() bool           { return true }
func (t *rawTransport) retransmits() uint64  { return 0 }
func (t *rawTransport) network() proxy.Stats { return t.proxy.Stats() }

func (t *rawTransport) close() {
	if t.sender != nil {
		t.sender.Close()
	}
	if t.proxy != nil {
		t.proxy.Close()
	}
	if t.receiver != nil {
		t.receiver.Close()
	}
	for _, retire := range t.retire {
		retire()
	}
}
