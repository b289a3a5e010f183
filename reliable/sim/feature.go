package sim

// Feature is something a swarm run may have. Every run leaves each out with
// probability 1/2: faults that are always there hide each other (Groce et al.,
// "Swarm Testing", ISSTA 2012).
type Feature uint32

const (
	WithLoss Feature = 1 << iota
	WithBursts
	WithDuplicates
	WithReordering
	WithCorruption
	WithJitter
	WithRate
	WithBlackouts
	WithPauses
	WithRestarts
	WithLateDelivery // single datagrams seconds late
	WithSmallWindow
	WithSlowReader
	WithBigMessages
	WithBothWays
	WithThirdNode
	WithRendezvous
	WithNumberWrap
	WithFixedWindow
	WithKeepAlive
	WithClose
	WithAbort
	WithMoves // nodes get other addresses
	WithMTU   // paths carry less than the nodes would like, and change
	WithHalfClose
	WithModes       // messages of the modes without a deadline
	WithDeadlines   // messages with one, short or long
	WithChannels    // several
	WithSlowChannel // one of them is read late
	WithPriorities
	WithoutRedundancy
	featureCount = iota
)

var featureNames = [featureCount]string{
	"loss", "bursts", "duplicates", "reordering", "corruption", "jitter", "rate", "blackouts", "pauses",
	"restarts", "late", "smallwindow", "slowreader", "bigmessages", "bothways", "thirdnode", "rendezvous",
	"wrap", "fixedwindow", "keepalive", "close", "abort",
	"moves", "mtu", "halfclose", "modes", "deadlines", "channels", "slowchannel", "priorities", "noredundancy",
}

func (f Feature) String() string {
	s := ""
	for i, name := range featureNames {
		if f&(1<<i) != 0 {
			s += " " + name
		}
	}
	return s
}
