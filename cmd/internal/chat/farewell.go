package chat

import "time"

// giveUp ends draining: what is not acknowledged by now stays behind.
func (c *conversation) giveUp() {
	if c.phase != draining {
		return
	}
	c.report(c.outbox.giveUp("the chat ended before the peer had it"))
	c.depart(lastWord)
}

// depart says goodbye to the peer and closes every link, within a time.
func (c *conversation) depart(within time.Duration) {
	c.phase, c.deadline = leaving, nil
	c.timeUp = time.After(within)
	if c.dialing != nil {
		c.dialing()
	}
	for l := range c.links {
		if l == c.active && !l.leaving {
			m := Message{Kind: Bye, ID: c.tally.sent.Load(), Name: *c.name.Load()}
			l.last = outgoing{msg: m.Encode()}
		}
		l.leaving = true
	}
}

// finish ends every goroutine of the session and closes the socket.
func (c *conversation) finish() {
	for l := range c.links {
		_ = l.conn.Abort()
	}
	c.stop()
	c.routines.Wait()
	for l := range c.links {
		c.tally.closed(l)
		l.retire()
	}
	_ = c.endpoint.Close()
	c.result = c.socket.Close()
	if c.failed > 0 {
		c.result = &UndeliveredError{Lines: c.failed, EverMet: c.met, Deadline: c.why}
	}
}
