package chatui

import (
	"fmt"
	"strings"

	"udplab/cmd/internal/chat"
	"udplab/cmd/internal/terminal"
)

// command is a line that starts with a slash.
type command struct {
	name string
	help string
	do   func(m *Model, argument string) []Effect
}

// commands in the order of /help. A function, because do refers to it.
func commands() []command {
	return []command{
		{"help", "/help         this list", (*Model).help},
		{"name", "/name NAME    change your name", (*Model).rename},
		{"net", "/net loss=30% delay=50ms   change the network before this chat; /net none ends it, /net shows it", (*Model).net},
		{"stats", "/stats        what was counted so far", (*Model).stats},
		{"quit", "/quit         say goodbye and leave (or ctrl+c)", (*Model).quit},
	}
}

// obey runs a command line, without its slash.
func (m *Model) obey(line string) []Effect {
	name, argument, _ := strings.Cut(line, " ")
	for _, c := range commands() {
		if strings.EqualFold(name, c.name) {
			return c.do(m, strings.TrimSpace(argument))
		}
	}
	m.Note(fmt.Sprintf("no command /%s; /help lists them, // sends a slash", name))
	return nil
}

// complete finishes the name of a command that is being typed.
func (m *Model) complete() {
	typed, isCommand := strings.CutPrefix(m.input.String(), "/")
	if !isCommand || typed == "" {
		return
	}
	for _, c := range commands() {
		if strings.HasPrefix(c.name, strings.ToLower(typed)) {
			m.input.set("/" + c.name + " ")
			return
		}
	}
}

func (m *Model) help(string) []Effect {
	for _, c := range commands() {
		m.Note(c.help)
	}
	m.Note("keys: up and down earlier lines, pgup and pgdown scroll, tab completes")
	k := m.marks
	m.Note(fmt.Sprintf("own lines: %s waits, %s sent", k.queued, k.sent) + map[bool]string{
		true:  fmt.Sprintf(", %s delivered, %s2 repaired after 2 retransmits, %s given up", k.acked, k.again, k.lost),
		false: "; plain UDP cannot know what arrived",
	}[m.mode == chat.ReliableMode])
	if m.mode != chat.ReliableMode {
		m.Note(fmt.Sprintf("lines that come in: %s2 overtaken, 2 arrivals earlier; %s a copy; %s damaged", k.late, k.copied, k.lost))
	}
	return nil
}

func (m *Model) rename(name string) []Effect {
	name = strings.TrimSpace(terminal.Clean(name))
	if name == "" || len(name) > chat.MaxName {
		m.Note(fmt.Sprintf("a name has 1 to %d bytes: /name NAME", chat.MaxName))
		return nil
	}
	m.name = name
	m.Note("you are now called " + name)
	return []Effect{{Kind: Rename, Text: name}}
}

func (m *Model) net(argument string) []Effect { return []Effect{{Kind: Net, Text: argument}} }

func (m *Model) stats(string) []Effect {
	for _, line := range m.counters.Lines(m.mode) {
		m.Note(line)
	}
	return nil
}

func (m *Model) quit(string) []Effect {
	if m.leaving {
		return []Effect{{Kind: QuitNow}}
	}
	m.leaving = true
	return []Effect{{Kind: Quit}}
}
