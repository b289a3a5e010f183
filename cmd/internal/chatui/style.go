package chatui

import (
	"hash/fnv"

	"charm.land/lipgloss/v2"
)

// style puts colour on words that are readable without. Its zero value uses
// none.
type style struct{ colour bool }

// palette is readable on light and on dark backgrounds: no greys, nothing pale,
// nothing near black.
var palette = [...]string{"31", "35", "64", "97", "132", "136", "166", "37", "69", "167"}

// name colours a name, always the same in the same colour, the own one apart.
func (s *style) name(name string, own bool) string {
	if !s.colour {
		return name
	}
	if own {
		return lipgloss.NewStyle().Bold(true).Render(name)
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	return lipgloss.NewStyle().Foreground(lipgloss.Color(palette[h.Sum32()%uint32(len(palette))])).Render(name)
}

// note steps back behind what people say.
func (s *style) note(row string) string {
	if !s.colour {
		return row
	}
	return lipgloss.NewStyle().Faint(true).Render(row)
}

// status sets the status line apart.
func (s *style) status(row string) string {
	if !s.colour {
		return row
	}
	return lipgloss.NewStyle().Reverse(true).Render(row)
}
