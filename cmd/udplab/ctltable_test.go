package main

import "testing"

// On a terminal tables have headings, in bold where there is colour.
func TestTables(t *testing.T) {
	rows := [][]string{{"dns", "1"}, {"日本", ""}, {"bad\x1b[2J", "2"}}
	heading := []string{"Name", "Flows"}
	for _, c := range []struct {
		style tableStyle
		want  string
	}{
		{tableStyle{}, "dns\t1\n日本\t\nbad[2J\t2"},
		{tableStyle{aligned: true}, "Name    Flows\ndns     1\n日本\nbad[2J  2"},
		{tableStyle{aligned: true, colour: true}, "\x1b[1mName    Flows\x1b[0m\ndns     1\n日本\nbad[2J  2"},
	} {
		if got := c.style.text(heading, rows); got != c.want {
			t.Errorf("%+v\n%q, want\n%q", c.style, got, c.want)
		}
	}
}
