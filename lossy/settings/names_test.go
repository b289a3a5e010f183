package settings

import (
	"strings"
	"testing"

	"udplab/lossy"
)

func TestNames(t *testing.T) {
	known := Names{Classes: []string{"ack", "data", "hello"}, Flows: []string{"ann", "bob"}}
	for _, c := range []struct {
		names          Names
		up, down, want string
	}{
		{known, "class=ack,nth=3; flow=ann", "flow=7; size>1200", ""},
		{Names{}, "class=xyz; flow=anm", "", ""},
		{known, "size>1200; class=akc", "size>1200; class=akc", `field "drop": rule 2: no datagram is of class "akc", did you mean ack?`},
		{known, "class=ACK", "", `field "up.drop": rule 1: no datagram is of class "ACK", did you mean ack?`},
		{known, "", "class=ack; class=xyz", `field "down.drop": rule 2: no datagram is of class "xyz", only ack, data, hello`},
		{known, "flow=anm", "", `field "up.drop": rule 1: no flow is called "anm", did you mean ann?`},
		{known, "flow=zacharias", "", `field "up.drop": rule 1: no flow is called "zacharias", only ann, bob`},
		{Names{Flows: []string{}}, "flow=0,flow=ann", "", `field "up.drop": rule 1: no flow is called "ann": here they have numbers, from 0`},
		{Names{Flows: strings.Fields(strings.Repeat("x1234567 ", 30))}, "flow=ann", "", `no flow is called "ann", only x1234567, ` + strings.Repeat("x1234567, ", 19) + "..."},
		{Names{Classes: []string{}}, "class=ack", "", `no datagram is of class "ack"`},
	} {
		var network lossy.Config
		for at, text := range map[*lossy.Profile]string{&network.Up: c.up, &network.Down: c.down} {
			rules, err := lossy.ParseRules(text)
			if err != nil {
				t.Fatal(err)
			}
			at.Drop = rules
		}
		err := c.names.Check(&network)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%+v: %v", c, err)
		case c.want != "" && (err == nil || !strings.HasSuffix(err.Error(), c.want)):
			t.Errorf("up %q, down %q: %v, want %s", c.up, c.down, err, c.want)
		}
	}
}
