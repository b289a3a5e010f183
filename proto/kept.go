package proto

// maxKept is how many frames of a packet are kept at most.
const maxKept = 16

// keptFrames is what Parse read in the first frames of a packet while it
// validated all of them, so that FrameIter does not read these bytes again.
// There is a place for each message and one for each other member of a Frame:
// all that connections send, as a rule. Of a packet that has something else
// twice nothing is kept, and its frames are read from the datagram again.
type keptFrames struct {
	n        int // frames kept
	end      pos // where the first frame that is not kept starts
	types    [maxKept]FrameType
	messages [maxKept]Message // of the frames that are messages or fragments
	others   Frame            // of all others; its Type means nothing
}

// memberOf is a bit for the member of others a type fills: none for messages,
// which have places of their own, and for frames without a value.
var memberOf = [frameTypeCount]uint16{
	FrameChannelCredit: 1 << 0,
	FrameSkip:          1 << 1,
	FrameLate:          1 << 1,
	FrameAck:           1 << 2,
	FrameMaxData:       1 << 3,
	FrameClose:         1 << 4,
	FrameECN:           1 << 5,
	FrameReceivedAt:    1 << 6,
	FrameAckFrequency:  1 << 7,
	FramePathChallenge: 1 << 8,
	FramePathResponse:  1 << 8,
	FramePadding:       1 << 9,
	FrameFin:           1 << 10,
	FrameSentAt:        1 << 11,
	FrameRepair:        1 << 12,
}

// read reads count frames, keeps what it can, and returns where they end.
func (s *keptFrames) read(b []byte, count int) (i pos) {
	s.n, s.end = 0, 0
	n := min(count, maxKept)
	var filled uint16
	for k := range n {
		if i = readFrame(b, i, &s.others, &s.messages[k]); i < 0 {
			return i
		}
		t := s.others.Type
		s.types[k] = t
		if filled&memberOf[t] != 0 {
			return skipFrames(b, i, count-k-1)
		}
		filled |= memberOf[t]
	}
	s.n, s.end = n, i
	if count > n {
		return skipFrames(b, i, count-n)
	}
	return i
}

// skipFrames reads n frames for nothing but their faults. It is a function of
// its own because a Frame on the stack costs 10 ns of zeros, needed or not.
func skipFrames(b []byte, i pos, n int) pos {
	var f Frame
	for ; n > 0 && i >= 0; n-- {
		i = readFrame(b, i, &f, &f.Message)
	}
	return i
}

// take fills f with frame k, of those that were kept.
func (s *keptFrames) take(k int, f *Frame) {
	f.Type = s.types[k]
	switch f.Type {
	case FrameMessage, FrameFragment:
		f.Message = s.messages[k]
	case FrameAck:
		s.others.Ack.copyTo(&f.Ack)
	case FrameECN:
		f.ECN = s.others.ECN
	case FrameMaxData:
		f.MaxData = s.others.MaxData
	case FrameChannelCredit:
		f.ChannelCredit = s.others.ChannelCredit
	case FrameSentAt:
		f.SentAt = s.others.SentAt
	case FrameSkip, FrameLate:
		f.Lapse = s.others.Lapse
	case FrameReceivedAt:
		f.ReceivedAt = s.others.ReceivedAt
	case FrameAckFrequency:
		f.AckFrequency = s.others.AckFrequency
	case FramePathChallenge, FramePathResponse:
		f.PathToken = s.others.PathToken
	case FramePadding:
		f.Padding = s.others.Padding
	case FrameFin:
		f.FinNext = s.others.FinNext
	case FrameRepair:
		f.Repair = s.others.Repair
	case FrameClose:
		f.Close = s.others.Close
	}
}
