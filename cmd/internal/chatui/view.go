package chatui

import "strings"

// prompt stands before the line being typed, where there is room for it.
const prompt = "> "

// historyHeight is the rows left for the history: those above the status line
// and the input. A terminal too low for all three keeps the input.
func (m *Model) historyHeight() int { return max(m.height-2, 0) }

// View is the picture: as many rows as the terminal has, none wider than it,
// and where the cursor stands.
func (m *Model) View() (picture string, cursorColumn, cursorRow int) {
	if m.width == 0 || m.height == 0 {
		return "", 0, 0
	}
	var rows []string
	rows = append(rows, m.history.view(m.width, m.historyHeight(), &m.style)...)
	if m.height >= 2 {
		rows = append(rows, m.status(m.width))
	}
	before := prompt
	if m.width < 2*len(prompt) {
		before = ""
	}
	text, cursor := m.input.view(m.width - len(before))
	rows = append(rows, before+text)
	return strings.Join(rows, "\n"), min(len(before)+cursor, m.width-1), len(rows) - 1
}
