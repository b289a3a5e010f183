package arq

// thin reports whether nothing waits to leave: the application sends less than
// the path carries, and what counts is how soon each message arrives.
func (c *Conn) thin() bool { return !c.hasData() }
