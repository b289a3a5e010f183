package arq

import (
	"net/netip"
	"time"

	"udplab/proto"
	"udplab/reliable/congestion"
)

// path is where the peer is, and the address that may take its place (SPEC
// 6.4, RFC 9000 section 9):
//
//	settled ──newest packet from elsewhere──► asking ──token came back──► settled, there
//	   ▲                                        │
//	   └──no answer in time, or the peer sends from its old address again
//
// Meanwhile everything but the question goes to the old address, so a copy of a
// packet sent from anywhere moves nothing.
type path struct {
	peer    netip.AddrPort // proven, or chosen by us
	asked   candidate
	replies replies
	since   uint64 // number of the first packet sent on this path
}

// candidate is an address that has to prove that the peer receives there.
type candidate struct {
	addr     netip.AddrPort // invalid: there is none
	token    uint64
	since    time.Duration // when it turned up
	askedAt  time.Duration // when the last challenge left
	asked    int           // challenges sent
	due      bool          // a challenge has to be sent
	credit   int           // bytes that came from there and were not yet answered
	giveUpAt time.Duration
}

func (a *candidate) active() bool { return a.addr.IsValid() }

const (
	// pathAttempts is how many probe timeouts an address has to answer in.
	pathAttempts = 3
	// minPathWait is the least time it has: the round trip of a new path may
	// be many times that of the old one.
	minPathWait = time.Second
)

// arrival is where the packet in hand came from, and how.
type arrival struct {
	from  netip.AddrPort
	size  int // bytes of the datagram
	ecn   ECN
	timed bool // it says when it was sent
	// roundTrip is since we sent what it is the first to acknowledge; 0 = none.
	roundTrip time.Duration
}

// Peer returns the address the connection's packets go to. It changes when the
// peer moved and proved it; the driver then tells the endpoint (Moved).
func (c *Conn) Peer() netip.AddrPort { return c.path.peer }

// credited notes bytes that came from an address that is being asked.
func (c *Conn) credited(a arrival) {
	if c.path.asked.addr == a.from {
		c.path.asked.credit += a.size
	}
}

// arrivedFrom looks at where a new packet came from. newest: its number is the
// highest so far; only such a packet says where the peer is now (RFC 9000
// section 9.3: "an endpoint only changes the address [...] in response to the
// highest-numbered" packet).
func (c *Conn) arrivedFrom(now time.Duration, a arrival, newest bool) {
	asked := &c.path.asked
	switch {
	case !newest || a.from == asked.addr:
	case a.from == c.path.peer:
		c.forgetCandidate()
	case asked.active() && now-asked.since < c.probeTimeout():
		// One question at a time, or who sends copies from many addresses
		// would keep the true one from being heard.
	default:
		*asked = candidate{
			addr: a.from, token: c.random(), since: now, due: true, credit: a.size,
			giveUpAt: now + max(pathAttempts*c.probeTimeout(), minPathWait),
		}
		c.timers.set(timerPath, asked.giveUpAt)
	}
}

// pathExpired asks again, or stays where it was.
func (c *Conn) pathExpired(now time.Duration) {
	asked := &c.path.asked
	if now >= asked.giveUpAt {
		c.stats.PathsRefused++
		c.forgetCandidate()
		return
	}
	asked.due = true
	c.timers.set(timerPath, asked.giveUpAt)
}

func (c *Conn) forgetCandidate() {
	c.path.asked = candidate{}
	c.timers.stop(timerPath)
}

// handlePathResponse takes in a token that came back. RFC 9000 section 8.2.3:
// wherever it came from, it proves the address it had been sent to.
func (c *Conn) handlePathResponse(now time.Duration, token uint64) {
	asked := c.path.asked
	if !asked.active() || asked.asked == 0 || token != asked.token {
		return
	}
	c.forgetCandidate()
	moved := asked.addr.Addr() != c.path.peer.Addr()
	c.path.peer = asked.addr
	c.path.since = c.nextNumber
	c.stats.PathChanges++
	if moved {
		c.restartPath()
		if asked.asked == 1 { // so it is known which question was answered
			c.rtt.sample(now-asked.askedAt, 0)
		}
	}
	c.repeatOnPath()
}

// appendPath appends a datagram that answers or asks an address.
func (c *Conn) appendPath(now time.Duration, dst []byte) ([]byte, netip.AddrPort) {
	for {
		r, ok := c.path.replies.take()
		if !ok {
			break
		}
		b := proto.BeginData(dst, c.peerID, uint32(c.nextNumber))
		b.AddPathResponse(r.token)
		if out, ok := c.finishPath(now, &b, r.to, r.size); ok {
			return out, r.to
		}
	}
	asked := &c.path.asked
	if !asked.due {
		return dst, netip.AddrPort{}
	}
	b := proto.BeginData(dst, c.peerID, uint32(c.nextNumber))
	b.AddPathChallenge(asked.token)
	b.AddPadding(pathSlack)
	out, ok := c.finishPath(now, &b, asked.addr, asked.credit)
	if !ok {
		return dst, netip.AddrPort{} // until more came from there
	}
	asked.due = false
	asked.asked++
	asked.askedAt = now
	again := now + max(c.probeTimeout(), minPathWait/pathAttempts)
	c.timers.set(timerPath, min(again, asked.giveUpAt))
	return out, asked.addr
}

// pathSlack makes a challenge longer than the response to it, whose packet
// number and connection id may need more bytes: the response may have no more
// bytes than the challenge.
const pathSlack = 4 + 8

// finishPath finishes a packet for an address if it is no longer than most,
// which counts only for addresses that are not proven.
func (c *Conn) finishPath(now time.Duration, b *proto.DataBuilder, to netip.AddrPort, most int) ([]byte, bool) {
	size := b.Len()
	if to == c.path.asked.addr {
		most = c.path.asked.credit
	}
	if to != c.path.peer && size > most {
		return nil, false
	}
	if to == c.path.asked.addr {
		c.path.asked.credit -= size
	}
	// It says nothing about the path our data takes: neither in flight, nor
	// lost, nor measured.
	c.numbered(now, &sentPacket{at: now, size: int32(size)})
	c.retire(now)
	return b.Finish(), true
}

// replies are the path responses that wait to be sent, a bounded number of
// them: who floods us with challenges gets the last few answered.
type replies struct {
	queue  ring[reply]
	budget budget
}

// reply is a response, the address it is for, and how many bytes came with the
// challenge.
type reply struct {
	to    netip.AddrPort
	token uint64
	size  int
}

const (
	// maxReplies bounds the responses that wait; the oldest is dropped.
	maxReplies = 16
	// repliesPerSecond bounds the responses of a connection. An honest peer
	// asks a few times in its life.
	repliesPerSecond = 64
)

func (q *replies) add(now time.Duration, r reply) {
	if !q.budget.take(now, repliesPerSecond) {
		return
	}
	if q.queue.len() == maxReplies {
		q.take()
	}
	q.queue.push(r)
}

func (q *replies) take() (reply, bool) {
	if q.queue.len() == 0 {
		return reply{}, false
	}
	r := *q.queue.at(q.queue.first())
	q.queue.popFront(1)
	return r, true
}

// restartPath forgets what was learnt of another path (RFC 9000 section 9.4):
// the peer has another IP address. What is in flight went to the old one: it is
// sent again, and its fate says nothing about the new one.
func (c *Conn) restartPath() {
	for n := c.sent.oldest; n != 0; n = c.sent.oldest {
		c.losePacket(n, c.sent.packets.at(n), repairTime)
	}
	c.sent.forget()
	c.timers.stop(timerLoss)
	c.recovery = recovery{largestAcked: c.recovery.largestAcked, anyAcked: c.recovery.anyAcked}
	c.reordering, c.rtt, c.pacer = reordering{}, rtt{}, pacer{}
	c.restartPacketSize()
	c.newController()
	c.sampler = congestion.Sampler{}
	c.ecn.restart()
}

// onPath reports whether a packet was sent to the address of now. The loss of
// others is no congestion: nobody receives there any more.
func (c *Conn) onPath(number uint64) bool { return number >= c.path.since }

// repeatOnPath has the oldest data in flight sent again on the new path at
// once. Its acknowledgment tells what of the rest is lost.
func (c *Conn) repeatOnPath() {
	if c.recovery.inFlight > 0 {
		c.probeExpired()
	}
	c.recovery.probeCount = 0
	c.setRecoveryTimers()
}
