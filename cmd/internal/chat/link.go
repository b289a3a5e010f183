package chat

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"udplab/reliable"
)

// link is one connection of a reliable session: three goroutines that wait for
// it, and what the session knows of it. Everything they learn goes to the
// session's inputs.
type link struct {
	number int // unique in the session, from 1
	conn   connection
	dialed bool
	addr   netip.AddrPort
	out    chan outgoing // capacity 1: what the sender is to send next
	cancel context.CancelFunc
	retire func()
	look   looking

	// Owned by the session's goroutine.
	run     string    // of the peer; "" before its hello
	helloed bool      // this side said hello
	adopted bool      // the peer's lines count
	since   time.Time // when it was adopted
	busy    bool      // the sender has something that has no number yet
	acks    inOrder
	queue   queue // what waits for other links

	// The end of a link. Who leaves says a last word, Bye or Moved, and waits
	// for the other side to close: until then lines may come. Who hears a last
	// word closes, once its own lines are through. Closing at once would stop
	// the reading here, while the connection still acknowledges what comes.
	leaving bool        // no more lines for it
	word    MessageKind // to be said yet; 0 = none
	hangUp  bool        // to be closed, with:
	code    uint32
	cause   string
	saidBye bool // the peer
	moved   bool // the peer said that lines go elsewhere
	closed  bool // the sender closes it
}

// outgoing is what a link's sender is to do.
type outgoing struct {
	id     uint64 // of the line; 0 for anything else
	msg    []byte
	hangUp bool // instead of msg: close the connection
	code   uint32
	cause  string
}

// input is what happened at a link. One of the fields says what.
type input struct {
	link     *link
	message  []byte            // came in, if not nil
	empty    bool              // everything that came in was told
	numbered *numbered         // a line was taken over by the connection
	receipt  *reliable.Receipt // of something sent
	ended    bool              // nothing more will come of it; err says why
	err      error
}

type numbered struct {
	id  uint64
	seq uint64
}

// rival is what settle wants to know.
func (l *link) rival() rival { return rival{l.dialed, l.addr, l.run} }

// serve runs the link until its connection ends. tell must not block after ctx
// is done. The last thing told is ended.
func (l *link) serve(ctx context.Context, tell func(input)) {
	defer l.cancel()
	var readers, senders sync.WaitGroup
	var ended error
	readers.Go(func() { ended = l.receive(ctx, tell) })
	readers.Go(func() { l.receipts(ctx, tell) })
	senders.Go(func() { l.send(ctx, tell) })
	readers.Wait()
	l.cancel()
	senders.Wait()
	tell(input{link: l, ended: true, err: ended})
}

// receive hands on what comes in, and says when there is nothing more if it is
// asked to look. A connection on which nothing comes for a while at its start is
// no chat's: a stranger must not be able to hold it open.
func (l *link) receive(ctx context.Context, tell func(input)) error {
	const greeting = 5 * time.Second
	greeted, by := false, time.Now().Add(greeting)
	for {
		look := l.look.begin(ctx)
		wait, cancel := look, context.CancelFunc(func() {})
		if !greeted {
			wait, cancel = context.WithDeadline(look, by)
		}
		msg, err := l.conn.Receive(wait)
		cancel()
		switch {
		case err == nil:
			greeted = true
			if msg == nil {
				msg = []byte{}
			}
			tell(input{link: l, message: msg})
		case ctx.Err() == nil && look.Err() != nil && errors.Is(err, context.Canceled):
			l.look.done()
			tell(input{link: l, empty: true})
		default:
			if !greeted {
				_ = l.conn.Abort() // so that the receipts end too
			}
			return err
		}
	}
}

// receipts ends when the connection has told the fate of everything sent.
func (l *link) receipts(ctx context.Context, tell func(input)) {
	for {
		r, err := l.conn.Receipt(ctx)
		if err != nil {
			return
		}
		tell(input{link: l, receipt: &r})
	}
}

func (l *link) send(ctx context.Context, tell func(input)) {
	for {
		select {
		case o := <-l.out:
			if !l.sendOne(ctx, o, tell) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// sendOne reports whether there can be more to send.
func (l *link) sendOne(ctx context.Context, o outgoing, tell func(input)) bool {
	if o.hangUp {
		_ = l.conn.CloseWithError(o.code, o.cause) // waits for the peer; who waits too long aborts
		return false
	}
	seq, err := l.conn.SendTracked(ctx, o.msg)
	if err != nil {
		return false // the reader learns the reason
	}
	tell(input{link: l, numbered: &numbered{o.id, seq}})
	return true
}

// leave ends a link from this side with a last word.
func (l *link) leave(word MessageKind) {
	if !l.leaving {
		l.leaving, l.word = true, word
	}
}

// end closes a link from this side at once; what the peer says on it does not
// count, or there is nothing more to come.
func (l *link) end(code uint32, cause string) {
	l.leaving, l.hangUp, l.word = true, true, 0
	l.code, l.cause = code, cause
}
