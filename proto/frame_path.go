package proto

// pathElements is the number of elements of path_challenge and path_response frames.
const pathElements = 2

// PathFrameSize is the most bytes AddPathChallenge or AddPathResponse adds.
const PathFrameSize = 1 + 1 + 9

// AddPathChallenge adds a path_challenge frame: whoever receives at the address
// this packet goes to is asked to say token (SPEC 7.11). The token must be
// unpredictable.
func (b *DataBuilder) AddPathChallenge(token uint64) { b.addPath(FramePathChallenge, token) }

// AddPathResponse adds a path_response frame with the token of a path_challenge
// (SPEC 7.12).
func (b *DataBuilder) AddPathResponse(token uint64) { b.addPath(FramePathResponse, token) }

func (b *DataBuilder) addPath(t FrameType, token uint64) {
	b.begin()
	b.buf = appendUint(append(b.buf, codeFixArray|pathElements, byte(t)), token)
}

func readPath(b []byte, i pos, token *uint64, n int) pos {
	*token, i = readUint(b, i.demand(n == pathElements, faultFrameElements))
	return i
}
