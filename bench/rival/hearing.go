package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// hearing listens to what a process says on stderr, passes it on, whole lines at
// a time, and remembers one: that which says why the process crashed. A trace
// may be megabytes, so nothing else is kept.
type hearing struct {
	to   io.Writer
	line []byte // not ended yet
	said string // the last line, or why it crashed
	why  bool   // said is why
}

// lineBytes is how much of a line is looked at and waited for.
const lineBytes = 4096

func (h *hearing) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n') + 1
		if end == 0 {
			end = len(p)
		}
		end = min(end, lineBytes-len(h.line))
		h.line = append(h.line, p[:end]...)
		p = p[end:]
		if len(h.line) == lineBytes || h.line[len(h.line)-1] == '\n' {
			h.pass()
		}
	}
	return n, nil
}

// pass ends a line. That nobody takes it is no reason to fail who was measured.
func (h *hearing) pass() {
	line := strings.TrimSpace(string(h.line))
	// What the runtime begins its last words with. A panic's trace comes after it.
	why := strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ")
	if !h.why && line != "" {
		h.said, h.why = line, why
	}
	_, _ = h.to.Write(h.line)
	h.line = h.line[:0]
}

// end is called once the process has no more to say.
func (h *hearing) end() {
	if len(h.line) > 0 {
		h.pass()
	}
}

// crash says how the process ended and why, as far as it said.
func (h *hearing) crash(err error) string {
	text := fmt.Sprintf("crashed (%v)", err)
	if h.said != "" {
		text += ": " + short(h.said)
	}
	return text
}

// short is as much of a line as a table has room for.
func short(line string) string {
	const most = 200
	if len(line) <= most {
		return line
	}
	return strings.ToValidUTF8(line[:most], "") + "..."
}
