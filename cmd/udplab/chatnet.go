package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"udplab/cmd/internal/netflags"
	"udplab/lossy"
	"udplab/lossy/presets"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
	"udplab/lossy/spelling"
)

// netCommand says whether a line is the command /net, and what stands behind it.
func netCommand(line string) (argument string, is bool) {
	name, argument, _ := strings.Cut(strings.TrimSpace(line), " ")
	return strings.TrimSpace(argument), name == "/net"
}

// commanded says whether the network hears commands.
func (n *chatNetwork) commanded() bool { return n.conn != nil }

// answer is obey for a screen: a refusal is told like the rest.
func (n *chatNetwork) answer(argument string) []string {
	told, err := n.obey(argument)
	if err != nil {
		return []string{"/net: " + err.Error()}
	}
	return told
}

// errNetOver is of a command that came as the chat ended.
var errNetOver = errors.New("the chat is over")

// obey does what stands behind /net: settings are changed, "none" ends them all,
// and nothing shows what the network is and did. It returns what to tell. A
// change that cannot be made leaves everything as it was.
func (n *chatNetwork) obey(argument string) (told []string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.over || n.conn == nil {
		return nil, errNetOver
	}
	network := n.conn.Network()
	c := network.Config()
	words, err := quotedWords(argument)
	switch {
	case err != nil:
		return nil, err
	case len(words) == 0:
		stats := n.stats()
		return append([]string{ownNetworkText(c)}, strings.Split(counts(&stats), "\n")...), nil
	case len(words) == 1 && words[0] == "none":
		c.Up, c.Down = lossy.Profile{}, lossy.Profile{}
	default:
		if err := editNetwork(&c, words); err != nil {
			return nil, err
		}
	}
	if err := network.SetConfig(c); err != nil {
		return nil, err
	}
	n.shown = true
	n.log.changed("", time.Since(n.begun), proxy.Settings{Network: c, Enabled: true})
	told = []string{ownNetworkText(c)}
	for _, w := range c.Warnings() {
		told = append(told, "warning: "+w)
	}
	for _, i := range c.Inert() {
		told = append(told, "warning: "+i.String())
	}
	if marksNothing(&c) {
		told = append(told, "warning: ecn "+noMarks)
	}
	return told, nil
}

// editNetwork changes a configuration by words like up-loss=5%, as udplab ctl set
// has them.
func editNetwork(c *lossy.Config, words []string) error {
	change, err := parsePairs(words)
	if err != nil {
		return err
	}
	if name, given := change["preset"]; given {
		if err := beginWithPreset(c, fmt.Sprint(name)); err != nil {
			return err
		}
		delete(change, "preset")
	}
	object, err := settings.Marshal(change)
	if err != nil {
		return err
	}
	members, err := settings.ParseObject(object)
	if err != nil {
		return err
	}
	edits := settings.Edits{Files: netflags.ReadFile}
	for _, m := range members {
		if err := edits.Add(m); err != nil {
			return hintSetting(err)
		}
	}
	if err := edits.Apply(c); err != nil {
		return err
	}
	return chatNames().Check(c)
}

// beginWithPreset has both directions be those of a preset.
func beginWithPreset(c *lossy.Config, name string) error {
	p, err := presets.Find(name)
	if err != nil {
		return err
	}
	setup, err := p.Setup()
	if err == nil {
		err = plainSetup(p, setup)
	}
	c.Up, c.Down = setup.Up, setup.Down
	return err
}

// hintSetting adds to an unknown setting which one may have been meant.
func hintSetting(err error) error {
	field, ok := errors.AsType[*settings.FieldError](err)
	if !ok || field.Err != settings.ErrUnknownField {
		return err
	}
	var known []string
	for _, f := range settings.Fields() {
		known = append(known, f.Name)
	}
	name := field.Field[strings.LastIndexByte(field.Field, '.')+1:]
	if near := spelling.Nearest(name, known); near != "" {
		return fmt.Errorf("no setting %q: did you mean %s?", name, near)
	}
	return fmt.Errorf("no setting %q: they are those of the flags, such as loss=30%%", name)
}

// quotedWords splits at spaces, but for those between quotes of either kind,
// which may stand anywhere: loss-model="list:3 7 10-12".
func quotedWords(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	var quote rune
	begun := false
	for _, r := range s {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, begun = r, true
		case quote == 0 && (r == ' ' || r == '\t'):
			if begun {
				words = append(words, word.String())
				word.Reset()
			}
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("the quote %c is not closed", quote)
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}
