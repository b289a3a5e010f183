package scenario

import (
	"errors"
	"time"

	"udplab/lossy"
)

// Links plays a scenario on the two links of a flow, in the caller's virtual time.
// Call Advance before every Send and Receive; Next is one more time to wake up at.
// Not for concurrent use.
type Links struct {
	player   *Player
	up, down *lossy.Link
	config   lossy.Config
	began    time.Duration
	heard    func(Change)
}

// PlayLinks starts the scenario at the time began, over the profiles that the links
// have, which then belong to it. heard is told of each change after it was made;
// nil is nobody. A scenario that asks for what only a proxy has is refused.
func PlayLinks(s *Scenario, began time.Duration, up, down *lossy.Link, heard func(Change)) (*Links, error) {
	if err := s.NeedsProxy(); err != nil {
		return nil, err
	}
	l := &Links{up: up, down: down, began: began, heard: heard, config: lossy.Config{Up: up.Profile(), Down: down.Profile()}}
	var err error
	if l.player, err = s.Start(l.config); err != nil {
		return nil, err
	}
	l.Advance(began)
	return l, nil
}

// Advance makes the changes that are due up to now.
func (l *Links) Advance(now time.Duration) {
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		l.player.SetPassed(d, l.link(d).Stats().PacketsIn)
	}
	for {
		c, ok := l.player.Take(now - l.began)
		if !ok {
			return
		}
		if err := l.make(&c); err != nil {
			panic("BUG: a change that Start found to be in order: " + err.Error())
		}
		if l.heard != nil {
			l.heard(c)
		}
	}
}

func (l *Links) make(c *Change) error {
	if c.Sets() {
		if err := c.Apply(&l.config); err != nil {
			return err
		}
		l.up.SetProfileAt(l.began+c.At, l.config.Up)
		l.down.SetProfileAt(l.began+c.At, l.config.Down)
	}
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		link := l.link(d)
		if c.Reset {
			link.SetDown(false)
			link.BlackoutUntil(0)
		}
		if c.Enabled != nil {
			link.SetDown(!*c.Enabled)
		}
		if c.Blackout > 0 && c.Dark[d] {
			link.BlackoutUntil(l.began + c.At + c.Blackout)
		}
	}
	if c.Upstream != "" || c.Rebind {
		return errors.New("for a proxy")
	}
	return nil
}

func (l *Links) link(d lossy.Direction) *lossy.Link {
	if d == lossy.Up {
		return l.up
	}
	return l.down
}

// Next is when the next change is due, on the caller's clock; see Player.Next.
func (l *Links) Next() (time.Duration, bool) {
	next, ok := l.player.Next()
	return l.began + next, ok
}

// Done says whether the scenario is over.
func (l *Links) Done() bool { return l.player.Done() }
