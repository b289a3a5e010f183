package arq

import (
	"math"
	"time"

	"udplab/proto"
	"udplab/reliable/rlc"
)

// This file has a lane's repair symbols (SPEC 7.19, package rlc) made and used.
// Where messages follow each other closely, one symbol over the last of them
// repairs a loss for a fraction of what a copy of each would cost; where they are
// further apart it takes the place of second copies.

const (
	// codeSpan is how many messages a symbol covers at most: more of them would
	// repair hardly more (rlc's TestSchedules).
	codeSpan = 16
	// codeMost is the most symbols per message, codeRate gives nine for
	// twenty messages at 5 % loss and one for five at 1 %.
	codeMost = 0.5
	codeRate = 2
	// codeGuess is the loss assumed at first.
	codeGuess = 0.02
	// maxDecoders is on how many lanes symbols are used: each may keep as much as
	// package rlc says, a third of a megabyte.
	maxDecoders = 16
)

// coder is the sender's side of a lane's code.
type coder struct {
	encoder  *rlc.Encoder // nil while nothing is lost
	interval time.Duration
	last     time.Duration // when a message left
	owed     float64       // symbols the messages so far should have had and had not
	key      uint16
	due      bool
	planned  uint64 // number of the packet after which a symbol is due
	dueAt    time.Duration
}

// protect plans what is sent of a message besides itself, which just left whole
// in the packet that is being made: copies, a share of a repair symbol, or both.
func (c *Conn) protect(now time.Duration, l *sendLane, seq uint64, size int) {
	if c.config.Redundancy == RedundancyOff || !repairable(l.mode) || size > repeatSize ||
		!c.rtt.sampled || c.rtt.min < repeatRTT {
		return
	}
	copies := c.redundancy.copies()
	if credited(l.mode) {
		symbols := 0.0
		switch interval := l.code.left(now, c.rtt.min); {
		case interval <= c.rtt.min/8:
			copies, symbols = 0, c.redundancy.loss.symbols()
		case interval <= c.rtt.min/2:
			copies, symbols = min(copies, 1), min(max(copies-1, 0)/2, codeMost)
		}
		c.plan(now, l, seq, symbols)
	}
	c.repeatLater(now, l, seq, copies)
}

// left notes that a message left and returns how far the messages of the lane
// are apart, smoothed. Symbols repair with the messages that follow: these must
// be there soon.
func (k *coder) left(now, rtt time.Duration) time.Duration {
	if k.last == 0 {
		k.interval = rtt
	} else {
		k.interval += (min(now-k.last, time.Second) - k.interval) / 8
	}
	k.last = now
	return k.interval
}

// covers reports whether a symbol may be made over a message: its bytes must stay
// then, though the message itself may need them no more.
func (k *coder) covers(seq uint64) bool {
	if k.encoder == nil {
		return false
	}
	first, span := k.encoder.Window()
	return seq-first < uint64(span)
}

// forget has no symbol made over a message and those before it any more.
func (k *coder) forget(seq uint64) {
	if k.encoder != nil {
		k.encoder.Forget(seq + 1)
	}
}

// stop has no symbols made until the next message that needs some.
func (k *coder) stop() { k.encoder, k.due = nil, false }

// symbols is how many there should be per message. A dense flow that begins has
// many messages on the way before its first loss is known, and all of them wait
// for its repair: until the loss is measured, some is assumed.
func (l *lossRate) symbols() float64 {
	loss := max(l.rate, codeGuess*(1-float64(l.packets)/lossRateSpan))
	if loss < repeatLoss {
		return 0
	}
	return min(codeRate*math.Sqrt(loss), codeMost)
}

// plan counts a message's share of a symbol.
func (c *Conn) plan(now time.Duration, l *sendLane, seq uint64, symbols float64) {
	k := &l.code
	if symbols == 0 {
		k.stop()
		return
	}
	if k.encoder == nil {
		k.encoder = rlc.NewEncoder(codeSpan)
	}
	k.encoder.Add(seq, l.messages.at(seq).data)
	if k.owed += symbols; k.owed < 1 {
		return
	}
	k.owed--
	k.planned = c.nextNumber
	if !k.due {
		k.due = true
		k.dueAt = now + time.Duration(repeats[0].due*float64(c.rtt.min))
		c.redundancy.coded = append(c.redundancy.coded, l.index)
	}
}

// addSymbols adds the repair symbols that are due, as far as there is room. One
// never travels with the message that made it due: both would be lost together.
func (c *Conn) addSymbols(b *proto.DataBuilder, p *sentPacket, limit int) {
	r := &c.redundancy
	kept := r.coded[:0]
	for _, index := range r.coded {
		l := c.out.lanes[index]
		switch {
		case !l.code.due:
		case l.code.planned == c.nextNumber:
			kept = append(kept, index)
		case !c.addSymbol(l, b, p, limit):
			kept = append(kept, index)
		}
	}
	r.coded = kept
}

// addSymbol adds a symbol over the messages of a lane that are not known to have
// arrived, and reports whether that is done with.
func (c *Conn) addSymbol(l *sendLane, b *proto.DataBuilder, p *sentPacket, limit int) (done bool) {
	k := &l.code
	first, span := k.encoder.Window()
	if span == 0 {
		k.due = false
		return true
	}
	if k.key++; k.key == 0 {
		k.key = 1
	}
	c.redundancy.symbol = k.encoder.Repair(c.redundancy.symbol[:0], first, span, k.key)
	f := proto.Repair{
		Channel: l.channel.number, Mode: l.mode, Seq: uint32(first), Span: uint8(span), Key: k.key,
		Payload: c.redundancy.symbol,
	}
	if proto.RepairFrameSize(&f)+frameSlack > limit-b.Len() {
		return false
	}
	b.AddRepair(&f)
	k.due = false
	p.eliciting = true
	c.stats.SymbolsSent++
	c.stats.SymbolBytes += uint64(len(f.Payload))
	return true
}

// handleRepair takes in a repair symbol.
func (c *Conn) handleRepair(now time.Duration, f *proto.Repair) {
	if !credited(f.Mode) {
		return // a message with a deadline could not be trusted to be in time
	}
	l := c.in.lane(f.Channel, f.Mode)
	if l.decoder == nil {
		if c.in.decoders == maxDecoders {
			return
		}
		c.in.decoders++
		l.decoder = rlc.NewDecoder(l.beyond)
	}
	c.stats.SymbolsReceived++
	c.recovered(now, l, l.decoder.Repair(c.expand(f.Seq, l.next), int(f.Span), f.Key, f.Payload))
}

// recovered takes in messages that were computed, as if they had come.
func (c *Conn) recovered(now time.Duration, l *recvLane, messages []rlc.Recovered) {
	for _, m := range messages {
		if m.Number < l.next || l.passed.contains(m.Number) {
			continue
		}
		if r := l.pending.get(m.Number); r != nil && (r.complete() || r.size != uint64(len(m.Data))) {
			continue // it came meanwhile in parts, or the symbol lies
		}
		c.stats.MessagesRecovered++
		c.handleMessage(now, &proto.Message{
			Channel: l.channel.number, Mode: l.mode, Seq: uint32(m.Number), Size: uint32(len(m.Data)), Payload: m.Data,
		})
		if c.state == Closed {
			return
		}
	}
}
