package proto

// allowed reports whether the values of a packet of size bytes are in the ranges
// of the specification. Its form is not looked at here.
func allowed(p *Packet, frames []Frame, size int) bool {
	switch p.Type {
	case TypeRaw:
		return true
	case TypeHello:
		h := &p.Hello
		return size >= MinHello && h.Version == Version && h.SourceID != 0 && len(h.Token) <= MaxToken && h.Params.allowed()
	case TypeRetry:
		return p.Retry.DestID != 0 && len(p.Retry.Token) >= 1 && len(p.Retry.Token) <= MaxToken
	case TypeAccept:
		return p.Accept.DestID != 0 && p.Accept.SourceID != 0 && p.Accept.Params.allowed()
	case TypeReset:
		return p.Reset.DeadID != 0
	case TypeVersion:
		return p.Version.DestID != 0 && p.Version.Count >= 1
	}
	for i := range frames {
		if !frames[i].allowed() {
			return false
		}
	}
	return p.Data.DestID != 0 && len(frames) > 0
}

func (f *Frame) allowed() bool {
	switch m := &f.Message; f.Type {
	case FrameMessage:
		return m.Mode < modeCount
	case FrameFragment:
		return m.Mode < modeCount && validExtent(m) && !m.whole()
	case FrameAck:
		return f.Ack.allowed()
	case FrameMaxData, FramePing, FrameECN, FrameReceivedAt, FrameAckNow, FramePathChallenge, FramePathResponse, FramePadding, FrameFin,
		FrameChannelCredit, FrameSentAt:
		return true
	case FrameSkip, FrameLate:
		return f.Lapse.allowed()
	case FrameRepair:
		return f.Repair.allowed()
	case FrameAckFrequency:
		return f.AckFrequency.Threshold >= 1
	case FrameClose:
		return len(f.Close.Reason) <= MaxReason
	default:
		return false
	}
}

func (a *Ack) allowed() bool {
	var span uint64
	for i, g := range a.Ranges[:a.N] {
		if g.Count == 0 || (g.Gap == 0) != (i == 0) {
			return false
		}
		span += uint64(g.Gap) + uint64(g.Count)
	}
	return a.N > 0 && span <= ackSpanMax
}
