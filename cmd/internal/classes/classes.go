// Package classes tells lossy's content rules what kind of packet of our own
// protocol a datagram is, so that `--drop class=ack,nth=3` drops the third packet
// that only acknowledges. lossy itself knows no protocol.
package classes

import (
	"unicode/utf8"

	"udplab/proto"
)

// Names lists the classes, for help texts.
const Names = "hello, retry, accept, reset, version, data (with a message), repair, ack (nothing else), close, path, control, raw, text, damaged, other"

// All are the classes, in the order of Names.
func All() []string {
	return []string{"hello", "retry", "accept", "reset", "version", "data", "repair", "ack", "close", "path", "control", "raw", "text", "damaged", "other"}
}

// Of returns the class of a datagram. It allocates nothing and is safe for
// concurrent use.
//
//	hello retry accept reset version   packets of a handshake, by their type
//	data      carries a message or a part of one
//	repair    carries repair symbols, and no message
//	close     ends the connection
//	path      probes a path or answers a probe
//	control   carries credit or other frames that are acknowledged
//	ack       acknowledges, and nothing else: it is never acknowledged itself
//	raw       a packet of raw mode
//	damaged   a packet of ours with a wrong checksum, or one that breaks the rules
//	text      bare UTF-8 text, as of the tutorial chat
//	other     anything else, an empty datagram included
func Of(b []byte) string {
	var p proto.Packet
	switch err := proto.Parse(b, &p); err {
	case nil, proto.ErrVersion:
	case proto.ErrNotPacket:
		if len(b) > 0 && utf8.Valid(b) {
			return "text"
		}
		return "other"
	default:
		return "damaged"
	}
	if p.Type != proto.TypeData {
		return p.Type.String()
	}
	return ofFrames(&p.Data)
}

// rank orders what a data packet may carry: the greatest names its class.
type rank int

const (
	ack rank = iota
	control
	path
	closing
	repair
	data
)

var rankNames = [...]string{ack: "ack", control: "control", path: "path", closing: "close", repair: "repair", data: "data"}

func ofFrames(d *proto.Data) string {
	var f proto.Frame
	most := ack
	for frames := d.Frames(); frames.Next(&f); {
		most = max(most, rankOf(f.Type))
	}
	return rankNames[most]
}

func rankOf(t proto.FrameType) rank {
	switch t {
	case proto.FrameMessage, proto.FrameFragment:
		return data
	case proto.FrameRepair:
		return repair
	case proto.FrameClose:
		return closing
	case proto.FramePathChallenge, proto.FramePathResponse:
		return path
	case proto.FrameAck, proto.FrameECN, proto.FrameReceivedAt, proto.FrameSentAt, proto.FramePadding:
		return ack
	}
	return control
}
