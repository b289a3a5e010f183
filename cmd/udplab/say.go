package main

// The rules of terminal output. Every command keeps them by talking through
// say and never through fmt.Print:
//
//  1. Data goes to stdout: what the user asked for, and only that, so that
//     `udplab proxy -o json | jq .` works. Everything for people goes to
//     stderr: addresses, warnings, progress, errors.
//  2. -o text is for people and may change; -o json is one object and -o jsonl
//     one object per line as things happen. Every object names its schema,
//     "udplab/<what>/v1", and within a version keys are only ever added.
//  3. What moves (a live line, colour) appears only on a terminal. NO_COLOR and
//     TERM=dumb take colour away, and nothing is said by colour alone. A live
//     line is cut to the width of the terminal, be it ten columns.
//  4. Text that came from a peer passes terminal.Clean before it is drawn:
//     control, escape and bidirectional-override characters never reach the
//     terminal. JSON needs no cleaning, it escapes.
//  5. An error is one line: what failed and what to try. No stack trace, no
//     usage text after it.
import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"

	"udplab/cmd/internal/terminal"
)

// say is a command's voice. Safe for concurrent use, so that a live line drawn
// by one goroutine never cuts through the warning of another.
type say struct {
	mu     sync.Mutex
	stdout io.Writer
	stderr io.Writer
	live   bool // stderr is a terminal that can redraw a line
	width  func() int
	drawn  bool // a live line stands unfinished on the terminal
	block  int  // lines of the table that redraw drew last
}

func newSay(d deps) *say {
	name, _ := d.lookupEnv("TERM")
	return &say{
		stdout: d.stdout,
		stderr: d.stderr,
		live:   d.isTerminal(d.stderr) && name != "dumb",
		width:  d.columns,
	}
}

// data prints one line of what the user asked for, on stdout.
//
// That it could not be printed is the end of the command's business; see
// checkedOut. The same holds for what goes to stderr, of which nobody can be told.
func (s *say) data(format string, args ...any) { _ = s.line(s.stdout, "", format, args) }

// note prints one line for people, on stderr.
func (s *say) note(format string, args ...any) { _ = s.line(s.stderr, "", format, args) }

// warn prints one line that starts with "warning:", on stderr.
func (s *say) warn(format string, args ...any) { _ = s.line(s.stderr, "warning: ", format, args) }

// object prints v as the one indented JSON object of -o json, on stdout.
func (s *say) object(v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return s.line(s.stdout, "", "%s", []any{b})
}

// event prints v as one line of -o jsonl, on stdout. The error, as that of object,
// is that of the write too: there is no use in going on without a reader.
func (s *say) event(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.line(s.stdout, "", "%s", []any{b})
}

// progress redraws the live line. It does nothing where a line cannot be
// redrawn: a log file must not fill with progress.
func (s *say) progress(format string, args ...any) {
	if !s.live {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// The last column stays free: writing into it makes some terminals wrap.
	text := terminal.Cut(fmt.Sprintf(format, args...), s.width()-1)
	fmt.Fprintf(s.stderr, "\r\x1b[K%s", text)
	s.drawn = true
}

// redraw draws a table on stdout, a terminal, over the one before: for data that
// moves. Nothing else may be printed in between.
func (s *say) redraw(table string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	if s.block > 0 {
		fmt.Fprintf(&b, "\r\x1b[%dA", s.block)
	}
	lines := strings.Split(table, "\n")
	for _, line := range lines {
		b.WriteString(terminal.Cut(line, s.width()-1) + "\x1b[K\n")
	}
	b.WriteString("\x1b[J") // what was longer before
	fmt.Fprint(s.stdout, b.String())
	s.block = len(lines)
}

func (s *say) line(w io.Writer, mark, format string, args []any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drawn {
		fmt.Fprint(s.stderr, "\r\x1b[K")
		s.drawn = false
	}
	_, err := fmt.Fprintf(w, mark+format+"\n", args...)
	return err
}
