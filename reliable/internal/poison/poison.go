// Package poison lends memory for messages and spoils it when it comes back, so
// that whoever reads it then reads nonsense. Every connection in the tests of
// arq and sim works with it: their checks of what arrives are checks of who may
// still read a buffer, too.
package poison

import "fmt"

// Byte is what memory is overwritten with when it comes back.
const Byte = 0xDB

// Buffers implement arq.Buffers. They are not safe for concurrent use.
type Buffers struct{ lent map[*byte]int }

// Get lends memory that nobody had before. It panics on a size below 1: there
// would be nothing to tell it by.
func (p *Buffers) Get(size int) []byte {
	if p.lent == nil {
		p.lent = make(map[*byte]int)
	}
	b := make([]byte, size)
	for i := range b {
		b[i] = Byte
	}
	p.lent[&b[0]] = size
	return b
}

// Put overwrites what Get lent. It panics if b was not lent, or came back
// before.
func (p *Buffers) Put(b []byte) {
	size, lent := p.lent[&b[0]]
	if !lent {
		panic(fmt.Sprintf("BUG: %d bytes came back that are not lent", len(b)))
	}
	delete(p.lent, &b[0])
	b = b[:size]
	for i := range b {
		b[i] = Byte
	}
}

// Lent is how many buffers are lent.
func (p *Buffers) Lent() int { return len(p.lent) }
