package capture

import (
	"io"
	"runtime"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"udplab/lossy"
)

// interfaces are in the order of their numbers: those of up, then of down.
var interfaces = []struct{ name, description string }{
	{"up in", "from clients, as it came"},
	{"up out", "to the service, as it went"},
	{"down in", "from the service, as it came"},
	{"down out", "to clients, as it went"},
}

// Bounds of the lengths in a file, for which pcapng has 16 bits.
const (
	maxComment   = 8 << 10
	packetBlock  = 32 + 16 // of a block, without data and comment
	blockPadding = 8
)

// writer writes blocks. It belongs to one goroutine.
type writer struct {
	ng      *pcapgo.NgWriter
	out     *counted
	limit   int64
	snapLen int
	buf     []byte
}

// counted counts what goes through.
type counted struct {
	io.Writer
	bytes int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.bytes += int64(n)
	return n, err
}

func newWriter(out io.Writer, o *Options) (*writer, error) {
	w := &writer{out: &counted{Writer: out}, limit: o.Limit, snapLen: o.SnapLen}
	section := pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{
		Hardware: runtime.GOARCH, OS: runtime.GOOS, Application: "udplab", Comment: cut(o.Comment),
	}}
	for i, about := range interfaces {
		snap := uint32(0)
		if o.SnapLen > 0 {
			snap = uint32(ipv6Header + udpHeader + o.SnapLen)
		}
		ni := pcapgo.NgInterface{Name: about.name, Description: about.description, OS: runtime.GOOS,
			LinkType: layers.LinkTypeRaw, TimestampResolution: 9, SnapLength: snap}
		var err error
		if i == 0 {
			w.ng, err = pcapgo.NewNgWriterInterface(w.out, ni, section)
		} else {
			_, err = w.ng.AddInterface(ni)
		}
		if err != nil {
			return nil, err
		}
	}
	return w, w.ng.Flush()
}

// write writes a packet, if the file may become so large.
func (w *writer) write(p *packet, payload []byte) (fits bool, err error) {
	l := p.lane
	w.buf = appendDatagram(w.buf[:0], l.from, l.to, p.mark, payload)
	data, length := w.buf, len(w.buf)
	if w.snapLen > 0 && len(payload) > w.snapLen {
		data = data[:length-len(payload)+w.snapLen]
	}
	comment := cut(p.comment())
	if w.limit > 0 {
		// What is in the writer's buffer counts, so it is emptied near the limit.
		if need := int64(packetBlock + blockPadding + len(data) + len(comment)); w.out.bytes+need+writerBuffer > w.limit {
			if err := w.ng.Flush(); err != nil || w.out.bytes+need > w.limit {
				return err != nil, err
			}
		}
	}
	which, direction := 0, pcapgo.NgEpbFlagDirectionInbound
	if l.dir == lossy.Down {
		which = 2
	}
	if p.out {
		which++
		direction = pcapgo.NgEpbFlagDirectionOutbound
	}
	info := gopacket.CaptureInfo{Timestamp: p.at, CaptureLength: len(data), Length: length, InterfaceIndex: which}
	return true, w.ng.WritePacketWithOptions(info, data, pcapgo.NgPacketOptions{
		Comments: []string{comment}, Flags: &pcapgo.NgEpbFlags{Direction: direction},
	})
}

// writerBuffer is how much the pcapng writer holds back, bufio's default.
const writerBuffer = 4096

func (w *writer) flush() error { return w.ng.Flush() }

// cut shortens a comment to what a file can hold.
func cut(s string) string {
	if len(s) > maxComment {
		return s[:maxComment-3] + "..."
	}
	return s
}
