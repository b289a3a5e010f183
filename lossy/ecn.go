package lossy

import "fmt"

// ECN is the codepoint that a datagram bears in its IP header (RFC 3168 section
// 5), as the two bits stand there.
type ECN uint8

const (
	NotECT ECN = iota // its transport does not know ECN: it is dropped where others are marked
	ECT1
	ECT0
	CE // congestion was experienced
)

// capable says whether a queue may mark the datagram instead of dropping it.
func (e ECN) capable() bool { return e != NotECT }

// String returns the name in RFC 3168.
func (e ECN) String() string {
	if e <= CE {
		return [...]string{"Not-ECT", "ECT(1)", "ECT(0)", "CE"}[e]
	}
	return fmt.Sprintf("ECN %d", uint8(e))
}
