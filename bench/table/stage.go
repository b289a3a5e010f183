package table

import (
	"context"
	"fmt"
	"slices"
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
	"udplab/reliable/sim"
)

// stage is a simulated path with a sender and a receiver. It is driven in
// steps of one tick and watches the queue on the way.
type stage struct {
	ctx      context.Context
	world    *sim.World
	from, to *sim.Node
	ahead    *lossy.Link
	senders  []*sim.End // in the order of dialing
	feeding  int        // size of the messages that senders get, 0 for none
	sampling bool
	look     func() // if not nil, called after everything that happens
	backlogs []time.Duration
}

// tick is how often senders are fed and the queue is looked at.
const tick = time.Millisecond

// feed is how many messages wait in a sender at least after each tick: at 64
// KiB a millisecond that is 500 Mbit/s each.
const feed = 2

func newStage(ctx context.Context, seed uint64, config arq.Config, ahead, back lossy.Profile) *stage {
	w := sim.NewWorld(seed)
	endpoint := arq.EndpointConfig{Conn: config, Listen: true}
	s := &stage{ctx: ctx, world: w, from: w.AddNode("sender", endpoint), to: w.AddNode("receiver", endpoint)}
	s.ahead = w.Path(s.from, s.to)
	s.ahead.SetProfile(ahead)
	w.Path(s.to, s.from).SetProfile(back)
	return s
}

func (s *stage) dial() { s.senders = append(s.senders, s.from.Dial(s.to)) }

// open dials and waits until the dialer's handshake is through.
func (s *stage) open() (*sim.End, error) {
	s.dial()
	sender := s.senders[len(s.senders)-1]
	open, err := s.runUntil(openLimit, func() bool { return sender.Conn.State() == arq.Open })
	if err == nil && !open {
		err = fmt.Errorf("the connection is not open after %v", openLimit)
	}
	return sender, err
}

// openLimit is how long a simulated handshake may take. That of the engine gives
// up sooner.
const openLimit = time.Minute

// run lets the time pass. It ends early with what the oracle found, or with
// the context.
func (s *stage) run(d time.Duration) error {
	_, err := s.runUntil(d, func() bool { return false })
	return err
}

// runUntil runs until done says yes, at most for d, and reports whether it did.
func (s *stage) runUntil(d time.Duration, done func() bool) (bool, error) {
	for end := s.world.Now() + d; s.world.Now() < end; {
		if done() {
			return true, nil
		}
		s.pass(min(tick, end-s.world.Now()))
		if err := s.world.Err(); err != nil {
			return false, fmt.Errorf("the oracle: %w", err)
		}
		if err := s.ctx.Err(); err != nil {
			return false, err
		}
		if s.feeding > 0 {
			s.feed()
		}
		if s.sampling {
			s.backlogs = append(s.backlogs, s.ahead.Backlog(s.world.Now()))
		}
	}
	return done(), nil
}

// pass lets everything happen that does within d.
func (s *stage) pass(d time.Duration) {
	end := s.world.Now() + d
	if s.look != nil {
		for s.world.Step(end) {
			s.look()
		}
	}
	s.world.Run(end - s.world.Now())
}

func (s *stage) feed() {
	for _, e := range s.senders {
		for e.Waiting() < feed && e.Conn.Err() == nil {
			e.Queue(s.feeding)
		}
	}
}

// drain stops feeding and waits until everything sent was acknowledged.
func (s *stage) drain() error {
	s.feeding, s.sampling = 0, false
	done, err := s.runUntil(drainLimit, func() bool {
		for _, e := range s.senders {
			if e.Waiting() > 0 || e.Conn.Stats().SendQueueBytes > 0 {
				return false
			}
		}
		return true
	})
	if err == nil && !done {
		err = fmt.Errorf("not everything was acknowledged %v after the last message", drainLimit)
	}
	return err
}

// drainLimit is how long the last messages may take: a controller that lost its
// nerve needs minutes for a full send buffer.
const drainLimit = 10 * time.Minute

// delivered is how many message bytes the application at the other end of a
// sender has.
func (s *stage) delivered(sender *sim.End) uint64 {
	if e := s.peer(sender); e != nil {
		return e.Conn.Stats().MessageBytesReceived
	}
	return 0
}

// peer is the other end of a sender's connection, nil if there is none yet.
func (s *stage) peer(sender *sim.End) *sim.End {
	for _, e := range s.to.Ends() {
		if e.Conn.LocalID() == sender.Conn.PeerID() {
			return e
		}
	}
	return nil
}

// queue is the median of the backlogs sampled, in milliseconds.
func (s *stage) queue() float64 {
	if len(s.backlogs) == 0 {
		return 0
	}
	slices.Sort(s.backlogs)
	return float64(s.backlogs[len(s.backlogs)/2]) / float64(time.Millisecond)
}

// arq is the configuration of every simulated connection: the library's
// defaults but for what the command line says.
func (s settings) arq() arq.Config {
	return arq.Config{MaxPacket: s.packet, Congestion: s.congestion}
}
