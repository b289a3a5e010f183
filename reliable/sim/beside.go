package sim

import "udplab/reliable/arq"

// SendOn sends a message of the caller's own at once, whatever the send buffer
// holds. The oracle looks neither at it nor at what becomes of it: that is the
// caller's business. It is for experiments, not part of recorded runs; channel
// 0, reliable and ordered, belongs to Queue.
func (e *End) SendOn(o arq.SendOptions, msg []byte) (uint64, error) {
	seq, err := e.Conn.SendOn(e.node.world.now, o, msg)
	if err == nil {
		e.beside++
	}
	e.settle()
	return seq, err
}

// ReceiveOn takes what SendOn sent at the other end.
func (e *End) ReceiveOn(channel uint8) (arq.Delivery, bool) {
	d, ok := e.Conn.ReceiveOn(e.node.world.now, channel)
	if ok {
		e.taken++
		e.takenBytes += uint64(len(d.Data))
		e.settle()
	}
	return d, ok
}
