package main

import (
	"fmt"
	"io"
	"strings"
)

// liveBlock is a few lines that are drawn again in place. Each redraw is one
// write: the cursor goes up, every line is overwritten and its rest erased, so
// that nothing flickers. Not for concurrent use.
type liveBlock struct {
	w     io.Writer
	lines int // standing on the terminal now
}

// draw replaces the block.
func (b *liveBlock) draw(lines []string) {
	var out strings.Builder
	b.rewind(&out)
	for _, line := range lines {
		out.WriteString(line + "\x1b[K\n")
	}
	out.WriteString("\x1b[J") // what an earlier, longer block left below
	b.lines = len(lines)
	io.WriteString(b.w, out.String()) // a terminal that is gone takes its lines with it
}

// erase takes the block away.
func (b *liveBlock) erase() {
	if b.lines == 0 {
		return
	}
	var out strings.Builder
	b.rewind(&out)
	out.WriteString("\x1b[J")
	b.lines = 0
	io.WriteString(b.w, out.String())
}

func (b *liveBlock) rewind(out *strings.Builder) {
	out.WriteString("\r")
	if b.lines > 0 {
		fmt.Fprintf(out, "\x1b[%dA", b.lines)
	}
}
