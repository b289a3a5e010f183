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
		if l == c.active {
			l.leave(Bye)
		} else if !l.adopted {
			l.end(0, "")
		}
	}
}

// finish ends every goroutine of the session, no link being left, and closes
// the socket.
func (c *conversation) finish() {
	c.stop()
	c.routines.Wait()
	_ = c.endpoint.Close()
	c.result = c.socket.Close()
	if c.failed > 0 {
		c.result = &UndeliveredError{Lines: c.failed, EverMet: c.met, Deadline: c.why}
	}
}
