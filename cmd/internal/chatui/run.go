package chatui

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"udplab/cmd/internal/chat"
)

// Terminal is where [Run] draws and reads keys.
type Terminal struct {
	In  io.Reader
	Out io.Writer
	Env []string // as os.Environ, for what the terminal can do
	// Size is set where Out is no real terminal.
	Columns, Rows int
}

// Drain is how long the end of a chat may take.
const Drain = 2 * time.Second

// Run shows a session on a terminal until the user leaves or ctx ends, closes
// the session and returns what Close said. It reads the session's events.
func Run(ctx context.Context, s chat.Session, o Options, t Terminal) error {
	run := &screen{model: New(o), session: s, net: o.Net, lines: make(chan string, maxTyped)}
	run.drain, run.leaveNow = context.WithCancel(context.Background())
	defer run.leaveNow()
	options := []tea.ProgramOption{
		tea.WithInput(t.In), tea.WithOutput(t.Out), tea.WithEnvironment(t.Env),
		tea.WithoutSignalHandler(), // the command has its own
	}
	if t.Columns > 0 {
		options = append(options, tea.WithWindowSize(t.Columns, t.Rows))
	}
	run.program = tea.NewProgram(run, options...)
	stop := context.AfterFunc(ctx, func() { run.program.Send(quitMsg{}) })
	defer stop()

	var routines sync.WaitGroup
	routines.Go(func() {
		for e := range s.Events() {
			run.program.Send(eventMsg(e))
		}
	})
	routines.Go(run.speak)
	_, failed := run.program.Run()
	run.leaveNow() // a screen that ended early waits for nobody
	close(run.lines)
	result := s.Close(run.drain)
	routines.Wait()
	if failed != nil && !errors.Is(failed, tea.ErrProgramKilled) {
		return failed
	}
	return result
}

// maxTyped is how many lines can be typed ahead of a session that takes none.
const maxTyped = 100

// screen is the Model on bubbletea, and what carries out its effects.
type screen struct {
	model    *Model
	session  chat.Session
	net      func(argument string) []string
	program  *tea.Program
	lines    chan string // typed, on their way to the session
	drain    context.Context
	leaveNow context.CancelFunc
}

// What the screen is told besides what bubbletea itself has to tell.
type (
	eventMsg  chat.Event
	noteMsg   string
	countMsg  struct{}
	quitMsg   struct{}
	closedMsg struct{}
)

// speak hands lines to the session, one after the other, on a goroutine of its
// own: the session may make it wait, and the screen must go on.
func (r *screen) speak() {
	for line := range r.lines {
		if _, err := r.session.Say(r.drain, line); err != nil {
			r.program.Send(noteMsg("not sent: " + err.Error()))
		}
	}
}

// countEvery is how often the status line is renewed.
const countEvery = 250 * time.Millisecond

func count() tea.Cmd {
	return tea.Tick(countEvery, func(time.Time) tea.Msg { return countMsg{} })
}

// Init is part of tea.Model.
func (r *screen) Init() tea.Cmd { return count() }

// Update is part of tea.Model.
func (r *screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		r.model.Resize(msg.Width, msg.Height)
	case tea.KeyPressMsg:
		return r, r.carryOut(r.model.Key(msg.Keystroke(), msg.Text))
	case tea.PasteMsg:
		r.model.Paste(msg.Content)
	case eventMsg:
		r.model.Tell(chat.Event(msg))
	case noteMsg:
		r.model.Note(string(msg))
	case countMsg:
		r.model.Count(r.session.Counters())
		return r, count()
	case quitMsg:
		return r, r.carryOut(r.model.quit(""))
	case closedMsg:
		return r, tea.Quit
	}
	return r, nil
}

// carryOut does what the model asks for, in order.
func (r *screen) carryOut(effects []Effect) tea.Cmd {
	var cmd tea.Cmd
	for _, e := range effects {
		switch e.Kind {
		case Say:
			select {
			case r.lines <- e.Text:
			default:
				r.model.Note("not sent: too many lines are waiting already")
			}
		case Rename:
			r.session.SetName(e.Text)
		case Net:
			for _, line := range r.net(e.Text) {
				r.model.Note(line)
			}
		case Quit:
			cmd = r.close
		case QuitNow:
			r.leaveNow()
			cmd = tea.Quit
		}
	}
	return cmd
}

// close ends the session while the screen still shows what happens.
func (r *screen) close() tea.Msg {
	ctx, cancel := context.WithTimeout(r.drain, Drain)
	defer cancel()
	_ = r.session.Close(ctx) // Run asks again for the result
	return closedMsg{}
}

// View is part of tea.Model.
func (r *screen) View() tea.View {
	picture, column, row := r.model.View()
	v := tea.NewView(picture)
	v.AltScreen = true
	v.WindowTitle = "udplab chat"
	v.Cursor = tea.NewCursor(column, row)
	v.Cursor.Blink = false
	return v
}
