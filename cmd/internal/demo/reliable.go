package demo

import (
	"context"
	"sync"

	"udplab/lossy/proxy"
	"udplab/reliable"
)

// reliableTransport is a connection of reliable mode.
type reliableTransport struct {
	listener *reliable.Listener
	proxy    *proxy.Proxy
	to       *Instruments

	mu       sync.Mutex // guards what connect fills in
	sender   *reliable.Conn
	receiver *reliable.Conn
	retire   []func()
}

// newReliableTransport opens the receiver's socket and the proxy before it.
func newReliableTransport(cfg *Config) (transport, error) {
	listener, err := reliable.Listen("udp", loopback, &reliable.Config{Linger: closeTimeout})
	if err != nil {
		return nil, err
	}
	p, err := proxy.New(proxy.Config{Listen: loopback, Upstream: listener.Addr().String(), Config: cfg.Network, Classify: cfg.Classify})
	if err != nil {
		listener.Close()
		return nil, err
	}
	t := &reliableTransport{listener: listener, proxy: p, to: &cfg.Instruments}
	if t.to.Reliable != nil {
		t.retire = append(t.retire, t.to.Reliable.AddEndpoint(listener.Stats))
	}
	if t.to.Proxy != nil {
		t.retire = append(t.retire, t.to.Proxy.AddProxy(p.Stats))
	}
	return t, nil
}

// connect opens the connection through the proxy and accepts it at the other
// end.
func (t *reliableTransport) connect(ctx context.Context) error {
	sender, err := reliable.Dial(ctx, "udp", t.proxy.Addr().String(), &reliable.Config{Linger: closeTimeout})
	if err != nil {
		return err
	}
	receiver, err := t.listener.Accept(ctx)
	if err != nil {
		sender.Abort()
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sender, t.receiver = sender, receiver
	if t.to.Reliable != nil {
		t.retire = append(t.retire,
			t.to.Reliable.AddConn(sender.Stats), t.to.Reliable.AddEndpoint(sender.EndpointStats),
			t.to.Reliable.AddConn(receiver.Stats))
	}
	return nil
}

// peers returns both ends of the connection, nil before there is one.
func (t *reliableTransport) peers() (sender, receiver *reliable.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sender, t.receiver
}

func (t *reliableTransport) send(ctx context.Context, message []byte) error {
	sender, _ := t.peers()
	return sender.Send(ctx, message)
}

func (t *reliableTransport) receive(ctx context.Context) (payload []byte, intact bool, err error) {
	_, receiver := t.peers()
	payload, err = receiver.Receive(ctx)
	return payload, true, err
}

// idle reports that every message is acknowledged, or never will be. The acknowledgment comes a
// little after the delivery; until then the sender may repeat itself, which is
// part of the cost.
func (t *reliableTransport) idle() bool {
	sender, _ := t.peers()
	if sender == nil {
		return true
	}
	s := sender.Stats()
	return s.MessagesAcked == s.MessagesSent || sender.Err() != nil
}

func (t *reliableTransport) retransmits() uint64 {
	sender, receiver := t.peers()
	if sender == nil {
		return 0
	}
	s, r := sender.Stats(), receiver.Stats()
	return s.Retransmits() + r.Retransmits()
}

func (t *reliableTransport) network() proxy.Stats { return t.proxy.Stats() }

func (t *reliableTransport) close() {
	sender, receiver := t.peers()
	if sender != nil {
		if t.idle() {
			// A goodbye through the bad network may fail, which harms nobody.
			_ = sender.Close()
		}
		sender.Abort()
		receiver.Abort()
	}
	t.listener.Close()
	t.proxy.Close()
	for _, retire := range t.retire {
		retire()
	}
}
