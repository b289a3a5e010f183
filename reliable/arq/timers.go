package arq

import "time"

// timer names every reason for which a connection must be woken. The whole
// temporal behaviour of a connection is Conn.HandleTimeout's switch over them.
type timer uint8

const (
	timerHandshake  timer = iota // send the hello again, or give up
	timerLoss                    // time threshold of loss detection, RFC 9002 section 6.1.2
	timerProbe                   // probe timeout, RFC 9002 section 6.2
	timerAck                     // the oldest unacknowledged packet waited long enough
	timerPace                    // the pacer lets the next packet go
	timerIdle                    // nothing from the peer for too long
	timerKeepAlive               // time for a ping
	timerStall                   // the peer gave no credit for too long
	timerRest                    // a message is here in part, and its rest does not come
	timerPath                    // ask an address again, or give it up
	timerPacketSize              // the probe of the packet size was lost
	timerRepeat                  // time for a copy of a message
	timerLapse                   // a message is of no use any more, or would be late
	timerClose                   // send the close again, or stop waiting for the answer
	timerCount
)

var timerNames = [timerCount]string{"handshake", "loss", "probe", "ack", "pace", "idle", "keepalive", "stall", "rest", "path", "packetsize", "repeat", "lapse", "close"}

func (t timer) String() string { return timerNames[t] }

// timers holds the deadline of every timer; never is one that is not set.
type timers [timerCount]time.Duration

const never = time.Duration(1<<63 - 1)

func (t *timers) init() {
	for i := range t {
		t[i] = never
	}
}

func (t *timers) set(which timer, at time.Duration) { t[which] = at }
func (t *timers) stop(which timer)                  { t[which] = never }
func (t *timers) isSet(which timer) bool            { return t[which] != never }

// next is the earliest deadline.
func (t *timers) next() (time.Duration, bool) {
	earliest := never
	for _, at := range t {
		earliest = min(earliest, at)
	}
	return earliest, earliest != never
}

// takeExpired stops and returns a timer whose deadline has come.
func (t *timers) takeExpired(now time.Duration) (timer, bool) {
	for i, at := range t {
		if at <= now {
			t[i] = never
			return timer(i), true
		}
	}
	return 0, false
}
