package raw

import "time"

const (
	// Window is how many numbers back, counted from the highest that arrived,
	// an account remembers one by one. Within it a packet that comes after
	// higher numbers is either Late or Duplicate, for certain. Behind it nobody
	// can say, and it is OutOfWindow.
	Window = 1024

	// MaxJump is the largest step between two numbers that still counts as the
	// same numbering. It bounds what one packet can add to the loss count; more
	// than a second of the fastest sender there is. A larger step, in either
	// direction, starts the numbering anew (compare MAX_DROPOUT of RFC 3550
	// appendix A.1).
	MaxJump = 1 << 20
)

// ArrivalKind says how a packet's number stands to those that came before.
type ArrivalKind uint8

// The kinds of arrival. Exactly one holds for each packet.
const (
	// First starts an account. Missing is how many numbers lie before it.
	First ArrivalKind = iota + 1
	// InOrder is the number after the highest so far.
	InOrder
	// Gap is higher than that: Missing numbers were skipped.
	Gap
	// Late fills a hole below the highest: type-P-reordered in the words of
	// RFC 4737 section 3.3, with its Extent.
	Late
	// Duplicate has arrived before.
	Duplicate
	// OutOfWindow is Window or more behind the highest: late or duplicate.
	OutOfWindow
	// Jump is more than MaxJump away from the highest and starts the numbering
	// anew.
	Jump
)

// String is the kind in lower case, for logs and failing tests.
func (k ArrivalKind) String() string {
	names := [...]string{"none", "first", "in order", "gap", "late", "duplicate", "out of window", "jump"}
	if int(k) < len(names) {
		return names[k]
	}
	return "BUG: unknown arrival kind"
}

// Arrival is the verdict on one packet.
type Arrival struct {
	Kind ArrivalKind
	// Number is the packet's number expanded to 64 bits: its place in the
	// stream, from 0. Exact unless more than 2^32 packets of the stream were
	// sent before the first one arrived.
	Number uint64
	// Missing counts the numbers directly before this one that have not
	// arrived: at most MaxJump for a Gap, below 2^32 for First, 0 otherwise.
	Missing uint64
	// Extent is the reordering extent of a Late packet (RFC 4737 section 4.2):
	// how many arrivals after the first packet that overtook it; at least 1.
	// 0 for every other kind.
	Extent uint64
}

// AccountStats counts the arrivals of a stream. For a stream without Jumps
// these hold at all times:
//
//	Received + Lost + Before = highest number + 1
//	calls of Receive         = Received + Duplicate + OutOfWindow
type AccountStats struct {
	// Expected is Received + Lost: RFC 3550 section 6.4.1, extended highest
	// number less the first one plus 1, and whatever turned up below the first.
	Expected uint64
	// Received counts numbers, each once.
	Received uint64
	// Lost counts the numbers between the first and the highest that have not
	// arrived so far. A Late packet takes one back, so it can go down.
	Lost uint64
	// Before counts the numbers below the first arrival: sent before this side
	// listened, or lost; a receiver cannot know which. A Late packet takes one
	// back.
	Before uint64
	// OutOfOrder counts Late packets (type-P-reordered, RFC 4737 section 3.3).
	OutOfOrder uint64
	// Duplicate counts second and further copies.
	Duplicate uint64
	// OutOfWindow counts packets too old to tell which of the two they are.
	OutOfWindow uint64
	// Jumps counts how often the numbering started anew.
	Jumps uint64
	// MaxExtent is the largest reordering extent of a Late packet, in packets.
	MaxExtent uint64
	// Jitter is the interarrival jitter of RFC 3550 section 6.4.1.
	Jitter time.Duration
}

// Account is the receive side of one stream: it tells lost from late from
// duplicate, exactly, for every order of arrival within the stated Window.
// Every call costs a bounded number of steps and no allocation, whatever the
// numbers claim. The zero value is ready. Not safe for concurrent use.
type Account struct {
	started  bool
	first    int64 // where this numbering began
	highest  int64
	jumped   bool // it began with a Jump: nothing below first was ever counted
	seen     window
	overtook overtakers
	jitter   jitter
	stats    AccountStats
}

// Receive accounts for one packet that arrived at now with number seq (the low
// 32 bits of its place in the stream) and the sender's timestamp in
// microseconds of the sender's own clock.
func (a *Account) Receive(now time.Duration, seq uint32, sentAt uint64) Arrival {
	if !a.started {
		a.started = true
		a.stats.Before += uint64(seq)
		a.begin(int64(seq))
		a.accept(now, sentAt)
		return Arrival{Kind: First, Number: uint64(seq), Missing: uint64(seq)}
	}
	// The nearest number with these low 32 bits; exact across the wrap.
	step := int64(int32(seq - uint32(a.highest)))
	number := a.highest + step
	switch {
	case step > MaxJump || step < -MaxJump:
		a.stats.Jumps++
		a.jumped = true
		a.begin(int64(seq))
		a.accept(now, sentAt)
		return Arrival{Kind: Jump, Number: uint64(seq)}
	case step > 0:
		return a.advance(now, number, sentAt)
	case step <= -Window || number < 0:
		a.stats.OutOfWindow++
		return Arrival{Kind: OutOfWindow, Number: uint64(max(number, 0))}
	case a.seen.has(number):
		a.stats.Duplicate++
		return Arrival{Kind: Duplicate, Number: uint64(number)}
	}
	return a.fill(now, number, sentAt)
}

// Stats is a snapshot of the counters.
func (a *Account) Stats() AccountStats {
	s := a.stats
	s.Expected = s.Received + s.Lost
	s.Jitter = a.jitter.value()
	return s
}

// begin starts a numbering at number, with nothing seen around it.
func (a *Account) begin(number int64) {
	a.first, a.highest = number, number
	a.seen = window{}
	a.seen.set(number)
	a.overtook = overtakers{}
	a.overtook.add(number, a.stats.Received)
}

// advance takes a number above the highest.
func (a *Account) advance(now time.Duration, number int64, sentAt uint64) Arrival {
	missing := number - a.highest - 1
	a.seen.skip(a.highest+1, missing)
	a.seen.set(number)
	a.highest = number
	kind := InOrder
	if missing > 0 {
		kind = Gap
		a.overtook.add(number, a.stats.Received)
		a.stats.Lost += uint64(missing)
	}
	a.accept(now, sentAt)
	return Arrival{Kind: kind, Number: uint64(number), Missing: uint64(missing)}
}

// fill takes a number that was skipped before.
func (a *Account) fill(now time.Duration, number int64, sentAt uint64) Arrival {
	a.seen.set(number)
	switch {
	case number > a.first:
		a.stats.Lost--
	case !a.jumped:
		a.stats.Before--
	}
	// RFC 4737 section 4.2.3: "e = i - j", i the arrival index of this packet
	// and j that of the earliest arrival with a higher number.
	extent := a.stats.Received - a.overtook.index(number)
	a.stats.OutOfOrder++
	a.stats.MaxExtent = max(a.stats.MaxExtent, extent)
	a.accept(now, sentAt)
	return Arrival{Kind: Late, Number: uint64(number), Extent: extent}
}

// accept counts a number that arrived for the first time. RFC 4737 section 3.3
// considers only the first copy of a packet; so do the arrival index and the
// jitter here.
func (a *Account) accept(now time.Duration, sentAt uint64) {
	a.stats.Received++
	a.jitter.arrived(now, sentAt)
}
