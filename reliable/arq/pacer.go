package arq

import "time"

// pacer spreads packets over time at the rate the congestion controller gives
// (RFC 9002 section 7.7), with a token bucket that is emptied and refilled in
// quanta: the timers beneath us have a precision, and a wake-up should be worth
// its cost.
type pacer struct {
	tokens  int // bytes that may leave now; negative after a quantum's last packet
	updated time.Duration
	carry   float64 // the part of a byte that tokens can't hold
	rate    float64 // bytes per second; 0 = not known yet, no pacing
	quantum int     // bytes worth a wake-up
	burst   int     // bytes that go in a row at any rate
	filling bool    // a quantum was used up, and the next is not there yet
}

// maxRate is more than any link carries, bytes per second.
const maxRate = 1e12

// minBurst is how many packets the pacer always lets go in a row, while nothing
// urgent would have to wait behind them.
const minBurst = 2

// advance fills the bucket up to now at the given rate, for wake-ups that are
// precision apart. A burst is the bytes that go in a row at any rate.
func (p *pacer) advance(now time.Duration, rate float64, burst int, precision time.Duration) {
	if !(rate > 0 && rate <= maxRate) {
		rate = 0 // a controller that does not know better, or errs, does not stop the connection
	}
	elapsed := now - p.updated
	if elapsed == 0 && rate == p.rate && burst == p.burst {
		return // another packet of the same moment
	}
	p.burst = burst
	fresh := p.rate == 0
	p.updated, p.rate = now, rate
	if rate == 0 {
		return
	}
	p.quantum = max(burst, int(rate*precision.Seconds()))
	if fresh {
		p.tokens, p.carry = p.quantum, 0
		return
	}
	added := rate*elapsed.Seconds() + p.carry
	// Two quanta: a timer that fires a whole quantum late costs no throughput.
	if room := 2*p.quantum - p.tokens; added >= float64(room) {
		p.tokens, p.carry = 2*p.quantum, 0
		return
	}
	p.tokens += int(added)
	p.carry = added - float64(int(added))
}

// sent takes a packet's bytes out of the bucket.
func (p *pacer) sent(bytes int) {
	p.tokens -= bytes
	p.filling = p.filling || p.tokens <= 0
}

// wait is how long until a quantum may leave; 0 = some of one may leave now. At
// rates that let many packets go in a quantum they go together, in one call to
// the system: neither an ack nor a message that comes meanwhile sets one of them
// free.
func (p *pacer) wait() time.Duration {
	if p.rate == 0 || p.tokens > 0 && !(p.quantum > p.burst && p.filling && p.tokens < p.quantum) {
		p.filling = false
		return 0
	}
	// One nanosecond more than exact, so that the bucket is surely full enough.
	return time.Duration(float64(p.quantum-p.tokens)/p.rate*1e9) + 1
}
