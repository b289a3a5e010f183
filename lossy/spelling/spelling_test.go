package spelling

import "testing"

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"loss", "loss", 0}, {"", "loss", 4}, {"los", "loss", 1},
		{"losss", "loss", 1}, {"lost", "loss", 1}, {"outptu", "output", 1}, {"otuptu", "output", 2}, {"ca", "abc", 3}, {"delay", "rate", 5},
	} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
		if got := Distance(c.b, c.a); got != c.want {
			t.Errorf("%q to %q: %d, want %d, as the other way round", c.b, c.a, got, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"low", "loss", "loss-model", "delay", "up", "on"}
	for _, c := range []struct{ name, want string }{
		{"los", "loss"}, {"dealy", "delay"}, {"delays", "delay"}, {"loss", "loss"},
		{"lox", "low"}, {"bandwidth", ""}, {"", ""}, {"xy", ""}, // nothing of "up" would be left
	} {
		if got := Nearest(c.name, known); got != c.want {
			t.Errorf("Nearest(%q) = %q, want %q", c.name, got, c.want)
		}
	}
}
