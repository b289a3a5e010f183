package lossy

import "time"

// queue is the drop-tail queue before the transmitter. It admits a datagram by
// the backlog that the datagram meets, not by its own size: whatever it lets
// in waits no longer than limit, and an idle link takes a datagram of any size.
type queue struct{ limit time.Duration }

func (q *queue) admits(backlog time.Duration) bool { return backlog <= q.limit }
