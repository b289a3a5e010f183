package chatui

import (
	"strings"
	"time"

	"udplab/cmd/internal/chat"
	"udplab/cmd/internal/terminal"
)

// Options says how a [Model] begins.
type Options struct {
	Mode   chat.Mode
	Name   string // of this side
	ASCII  bool   // no signs beyond ASCII
	Colour bool
	Now    func() time.Time // for notes; nil = the clock
	// Net does what stands behind /net, which is the caller's own network, and
	// returns the lines to show.
	Net func(argument string) []string
}

// EffectKind says what the model asks its surroundings to do.
type EffectKind uint8

// The kinds of effect.
const (
	Say     EffectKind = iota + 1 // send Text as a line
	Rename                        // take the name Text
	Net                           // do to the network what Text says
	Quit                          // say goodbye, drain, then end
	QuitNow                       // end without waiting any longer
)

// Effect is what the model asks for.
type Effect struct {
	Kind EffectKind
	Text string
}

// Model is the screen of one chat. It is changed by its methods and does
// nothing on its own. Not safe for concurrent use; make one with [New].
type Model struct {
	mode  chat.Mode
	name  string
	marks *marks
	style style
	now   func() time.Time

	width, height int
	history       history
	input         input
	counters      chat.Counters
	peerName      string
	peerHere      bool
	leaving       bool
}

// New returns an empty screen of no size.
func New(o Options) *Model {
	m := &Model{mode: o.Mode, name: terminal.Clean(o.Name), marks: &unicodeMarks, style: style{o.Colour}, now: o.Now}
	if o.ASCII {
		m.marks = &asciiMarks
	}
	if m.now == nil {
		m.now = time.Now
	}
	m.history.own = map[uint64]*entry{}
	return m
}

// Resize takes the size of the terminal in columns and rows.
func (m *Model) Resize(columns, rows int) {
	m.width, m.height = max(columns, 0), max(rows, 0)
	m.history.move(0, m.historyHeight(), m.width, &m.style)
}

// Key takes a key by its name ("enter", "ctrl+c", "a") and the text that it
// types, if any.
func (m *Model) Key(key, text string) []Effect {
	page := max(m.historyHeight()-1, 1)
	switch key {
	case "enter":
		return m.enter()
	case "ctrl+c":
		if !m.input.empty() && !m.leaving {
			m.input.set("")
			return nil
		}
		return m.quit("")
	case "ctrl+d":
		if m.input.empty() {
			return m.quit("")
		}
		m.input.edit("delete")
	case "tab":
		m.complete()
	case "pgup":
		m.history.move(page, m.historyHeight(), m.width, &m.style)
	case "pgdown":
		m.history.move(-page, m.historyHeight(), m.width, &m.style)
	case "ctrl+home":
		m.history.move(maxEntries*100, m.historyHeight(), m.width, &m.style)
	case "ctrl+end":
		m.history.move(-m.history.scroll, m.historyHeight(), m.width, &m.style)
	default:
		if !m.input.edit(key) && text != "" {
			m.input.insert(text)
		}
	}
	return nil
}

// Paste takes text that was pasted.
func (m *Model) Paste(text string) { m.input.insert(text) }

func (m *Model) enter() []Effect {
	line := m.input.String()
	if strings.TrimSpace(line) == "" || m.leaving {
		return nil
	}
	m.input.take()
	m.history.move(-m.history.scroll, m.historyHeight(), m.width, &m.style) // who speaks wants to see the end
	if rest, ok := strings.CutPrefix(line, "/"); ok {
		if !strings.HasPrefix(rest, "/") {
			return m.obey(rest)
		}
		line = rest
	}
	return []Effect{{Kind: Say, Text: line}}
}

// Count takes new counters for the status line.
func (m *Model) Count(c chat.Counters) { m.counters = c }

// Note shows a line that nobody said.
func (m *Model) Note(text string) { m.add(&entry{at: m.now(), text: terminal.Clean(text)}) }

// Tell takes an event of the session.
func (m *Model) Tell(e chat.Event) {
	switch e.Kind {
	case chat.Queued, chat.Sent, chat.Acked, chat.Failed:
		m.tellOwn(&e)
	case chat.Received, chat.Late, chat.Duplicate, chat.Damaged, chat.BareText:
		m.add(&entry{at: e.At, name: speaker(&e), text: terminal.Clean(e.Text), mark: terminal.Clean(m.marks.peer(&e, m.mode))})
	case chat.Lost:
		m.add(&entry{at: e.At, text: m.marks.lost + " " + e.Sentence()})
	case chat.Peer:
		m.tellPeer(&e)
	}
}

// tellOwn shows an own line, or changes its mark.
func (m *Model) tellOwn(e *chat.Event) {
	mark := terminal.Clean(m.marks.own(e, m.mode))
	line := m.history.own[e.ID]
	if line == nil {
		line = &entry{at: e.At, name: m.name, own: true, text: terminal.Clean(e.Text), mark: mark}
		m.history.own[e.ID] = line
		m.add(line)
	}
	line.mark = mark
	line.changed()
	if e.Kind == chat.Acked || e.Kind == chat.Failed || m.mode != chat.ReliableMode {
		delete(m.history.own, e.ID) // nothing more will be told of it
	}
}

func (m *Model) tellPeer(e *chat.Event) {
	switch e.Peer {
	case chat.PeerJoined, chat.PeerBack, chat.PeerRestarted, chat.PeerRenamed:
		m.peerHere = true
		m.peerName = terminal.Clean(e.Name)
	case chat.PeerWaiting, chat.PeerLeft, chat.PeerGone:
		m.peerHere = false
	}
	m.add(&entry{at: e.At, text: terminal.Clean(e.Sentence())})
}

func (m *Model) add(e *entry) { m.history.add(e, &m.style, m.width) }

// speaker is who said a line: the name, else where it came from. It is never
// empty, for only notes have no name.
func speaker(e *chat.Event) string {
	for _, name := range []string{e.Name, e.From} {
		if clean := strings.TrimSpace(terminal.Clean(name)); clean != "" {
			return clean
		}
	}
	return "peer"
}
