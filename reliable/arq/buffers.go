package arq

// Buffers lends memory for messages: what the application sent and the peer has
// not acknowledged, and what the peer sent and the application has not taken.
// The connections of an endpoint share one, and call it wherever they are
// driven: it must be safe for concurrent use if they are driven so.
type Buffers interface {
	// Get lends size bytes, with any contents.
	Get(size int) []byte
	// Put takes back what Get lent: the same slice, or one that begins where
	// it does. The connection never touches it again.
	Put(b []byte)
}

// fresh are Buffers that lend new memory each time and leave what comes back
// to the garbage collector.
type fresh struct{}

func (fresh) Get(size int) []byte { return make([]byte, size) }
func (fresh) Put([]byte)          {}

// lent returns a copy of msg in lent memory; an empty message needs none.
func lent(from Buffers, msg []byte) []byte {
	if len(msg) == 0 {
		return nil
	}
	b := from.Get(len(msg))
	copy(b, msg)
	return b
}

// giveBack ends what lent began.
func giveBack(to Buffers, b []byte) {
	if len(b) > 0 {
		to.Put(b)
	}
}
