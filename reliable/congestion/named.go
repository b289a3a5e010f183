package congestion

// Names are the controllers of this package, in the order in which reports
// list them.
func Names() []string {
	names := make([]string, len(named))
	for i, n := range named {
		names[i] = n.name
	}
	return names
}

// Named returns what makes the controller with that name, as Controller.Name
// gives it; nil if there is none. "fixed" has a window of 1 MiB.
func Named(name string) func(Config) Controller {
	for _, n := range named {
		if n.name == name {
			return n.make
		}
	}
	return nil
}

// fixedWindow suits no path in particular: it is what Fixed is about.
const fixedWindow = 1 << 20

var named = [...]struct {
	name string
	make func(Config) Controller
}{
	{"dalt", func(c Config) Controller { return NewDalt(c) }},
	{"bbr", func(c Config) Controller { return NewBBR(c) }},
	{"cubic", func(c Config) Controller { return NewCubic(c) }},
	{"newreno", func(c Config) Controller { return NewNewReno(c) }},
	{"fixed", func(c Config) Controller { return NewFixed(c, fixedWindow) }},
}

// Default makes the controller that connections use unless told otherwise.
func Default(c Config) Controller { return NewDalt(c) }
