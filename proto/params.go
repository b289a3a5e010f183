package proto

// Params is what an endpoint tells its peer about itself in the handshake (SPEC 5.6).
type Params struct {
	MaxData    uint64 // credit in bytes the peer starts with (SPEC 6.1)
	MaxPacket  uint32 // largest datagram this endpoint accepts, in bytes: MinHello to MaxDatagram
	IdleMillis uint32 // silence after which this endpoint gives the connection up; 0 = never
	First      uint32 // number of the first packet and of the first message this endpoint sends
}

// paramsElements is the number of elements of the parameter array.
const paramsElements = 4

func appendParams(dst []byte, p *Params) []byte {
	if !p.allowed() {
		panic("proto: BUG: Params.MaxPacket outside of MinHello to MaxDatagram")
	}
	dst = append(dst, codeFixArray|paramsElements)
	dst = appendUint(dst, p.MaxData)
	dst = appendUint(dst, uint64(p.MaxPacket))
	dst = appendUint(dst, uint64(p.IdleMillis))
	return appendUint(dst, uint64(p.First))
}

func readParams(b []byte, i pos, p *Params) pos {
	n, i := readArray(b, i)
	i = i.demand(n == paramsElements, faultParams)
	p.MaxData, i = readUint(b, i)
	p.MaxPacket, i = readUint32(b, i)
	p.IdleMillis, i = readUint32(b, i)
	p.First, i = readUint32(b, i)
	return i.demand(p.allowed(), faultParams)
}

func (p *Params) allowed() bool { return p.MaxPacket >= MinHello && p.MaxPacket <= MaxDatagram }
