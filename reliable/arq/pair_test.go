package arq

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"udplab/proto"
	"udplab/reliable/internal/poison"
)

// pair is a dialer and a listener joined by two wires in virtual time: the
// smallest world that runs a connection. Package sim has the large one.
type pair struct {
	t       testing.TB
	now     time.Duration
	delay   time.Duration
	ends    [2]*pairEnd
	flying  []flight
	drop    func(from int, datagram []byte) bool
	packets int
}

type pairEnd struct {
	endpoint *Endpoint
	addr     netip.AddrPort
	conn     *Conn
}

type flight struct {
	at   time.Duration
	to   int
	data []byte
}

func newPair(t testing.TB, config Config) *pair {
	if config.MaxPacket == 0 && config.FixedPacket == 0 {
		config.FixedPacket = 1200 // no probes, unless the test is about them
	}
	if config.Buffers == nil {
		config.Buffers = new(poison.Buffers)
	}
	p := &pair{t: t, delay: 20 * time.Millisecond}
	for i := range p.ends {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		p.ends[i] = &pairEnd{
			endpoint: NewEndpoint(EndpointConfig{Conn: config, Listen: true, Random: random.Uint64}),
			addr:     netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}), 9000),
		}
	}
	return p
}

func (p *pair) dial() *Conn {
	c, _ := p.ends[0].endpoint.Dial(p.now, p.ends[1].addr)
	p.ends[0].conn = c
	p.drain(0)
	return c
}

// connect runs the handshake to its end.
func (p *pair) connect() (dialer, listener *Conn) {
	p.t.Helper()
	dialer = p.dial()
	p.run(time.Second, func() bool {
		l := p.ends[1].conn
		return dialer.State() == Open && l != nil && l.State() == Open
	})
	return dialer, p.ends[1].conn
}

func (p *pair) transmit(from int, datagram []byte) {
	p.packets++
	if p.drop != nil && p.drop(from, datagram) {
		return
	}
	p.flying = append(p.flying, flight{p.now + p.delay, 1 - from, append([]byte(nil), datagram...)})
}

func (p *pair) drain(i int) {
	e := p.ends[i]
	for e.conn != nil {
		b, _, ok := e.conn.AppendPacket(p.now, nil)
		if !ok {
			break
		}
		p.transmit(i, b)
	}
}

func (p *pair) deliver(f flight) {
	p.t.Helper()
	e := p.ends[f.to]
	var packet proto.Packet
	if err := proto.Parse(f.data, &packet); err != nil {
		p.t.Fatalf("packet made here does not parse: %v\n%x", err, f.data)
	}
	r := e.endpoint.Route(p.now, p.ends[1-f.to].addr, &packet, len(f.data), nil)
	if r.Reply != nil {
		p.transmit(f.to, r.Reply)
	}
	if r.New {
		e.conn = r.Conn
	} else if r.Conn != nil {
		r.Conn.Handle(p.now, p.ends[1-f.to].addr, &packet, len(f.data), NotECT)
	}
	p.drain(f.to)
}

// run moves time from event to event until done or until limit has passed.
func (p *pair) run(limit time.Duration, done func() bool) {
	p.t.Helper()
	end := p.now + limit
	for step := 0; !done(); step++ {
		next, who := never, -1
		for i, f := range p.flying {
			if f.at < next {
				next, who = f.at, i
			}
		}
		timer := -1
		for i, e := range p.ends {
			if e.conn == nil {
				continue
			}
			if at, ok := e.conn.NextTimeout(); ok && at < next {
				next, timer = at, i
			}
		}
		if next > end || step > 5_000_000 {
			p.t.Fatalf("not done after %v (%d steps, next event at %v): %s", limit, step, next, p)
		}
		p.now = max(p.now, next)
		if timer >= 0 {
			p.ends[timer].conn.HandleTimeout(p.now)
			p.drain(timer)
			continue
		}
		f := p.flying[who]
		p.flying = append(p.flying[:who], p.flying[who+1:]...)
		p.deliver(f)
	}
}

func (p *pair) String() string {
	s := fmt.Sprintf("at %v, %d flying", p.now, len(p.flying))
	for i, e := range p.ends {
		if e.conn != nil {
			s += fmt.Sprintf("; %d: %v %v %+v", i, e.conn.State(), e.conn.Err(), e.conn.Stats())
		}
	}
	return s
}
