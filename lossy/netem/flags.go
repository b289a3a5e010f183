package netem

import (
	"fmt"
	"strings"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// Direction is for which way of a flow flags are written. netem acts on what one
// side sends; to have it both ways it is set up on both.
type Direction string

// The directions.
const (
	Both Direction = "both"
	Up   Direction = "up"   // what clients send
	Down Direction = "down" // what comes back
)

// ParseDirection reads both, up or down.
func ParseDirection(s string) (Direction, error) {
	switch d := Direction(s); d {
	case Both, Up, Down:
		return d, nil
	}
	return "", fmt.Errorf("%q is no direction: write both, up or down", s)
}

func (d Direction) prefix() string {
	if d == Up || d == Down {
		return string(d) + "-"
	}
	return ""
}

// Flags writes what differs between a profile and a perfect wire as flags of udplab
// proxy for a direction, quoted for a shell.
func Flags(p lossy.Profile, d Direction) string {
	var parts []string
	var perfect lossy.Profile
	for _, f := range settings.Fields() {
		value := f.Get(&p)
		if value == f.Get(&perfect) {
			continue
		}
		flag := "--" + d.prefix() + f.Name
		switch {
		case value == f.Bare():
		case f.Bare() != "":
			flag += "=" + quoted(value)
		default:
			flag += " " + quoted(value)
		}
		parts = append(parts, flag)
	}
	return strings.Join(parts, " ")
}

// quoted is a value as one word of a shell.
func quoted(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%.,:=/_+-") == "" && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
