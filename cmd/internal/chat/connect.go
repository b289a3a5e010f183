package chat

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// backoff is how long to wait before the next attempt to connect, after so
// many in a row that came to nothing: at most a second, so that a peer that
// comes back is met at once as people feel it.
func backoff(failures int) time.Duration {
	const first, most = 50 * time.Millisecond, time.Second
	switch {
	case failures <= 0:
		return 0
	case failures > 5: // 50 ms * 2^5 is over a second
		return most
	}
	return min(first<<(failures-1), most)
}

// contact is a new connection, or why there is none.
type contact struct {
	conn   connection
	dialed bool
	err    error // of a dial
}

// accept brings whoever comes.
func (c *conversation) accept() {
	for {
		conn, err := c.endpoint.Accept(c.base)
		if c.base.Err() != nil {
			if conn != nil {
				_ = conn.Abort()
			}
			return
		}
		if err != nil {
			sleep(c.base, backoff(10)) // nothing is known to cause it; do not spin
			continue
		}
		c.meet(contact{conn: conn})
	}
}

// dial tries once, after a pause.
func (c *conversation) dial(ctx context.Context, pause time.Duration) {
	sleep(ctx, pause)
	conn, err := c.endpoint.Dial(ctx, c.target)
	c.meet(contact{conn: conn, dialed: true, err: err})
}

// meet brings a contact to the conversation.
func (c *conversation) meet(k contact) {
	select {
	case c.contacts <- k:
	case <-c.base.Done():
		if k.conn != nil {
			_ = k.conn.Abort()
		}
	}
}

// addrOf is the address of the other end of a connection.
func addrOf(conn connection) netip.AddrPort {
	if a, ok := conn.RemoteAddr().(*net.UDPAddr); ok {
		ap := a.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
