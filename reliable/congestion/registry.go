package congestion

import (
	"fmt"
	"slices"
	"strings"
)

// made lists the controllers that New can make.
var made = map[string]func(Config) Controller{
	"dalt":    func(c Config) Controller { return NewDalt(c) },
	"newreno": func(c Config) Controller { return NewNewReno(c) },
}

// Names lists the names New knows, in order.
func Names() []string {
	var names []string
	for name := range made {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// New makes the controller with the name. The error is for an unknown name and
// lists the known ones.
func New(name string, c Config) (Controller, error) {
	if make, ok := made[name]; ok {
		return make(c), nil
	}
	return nil, fmt.Errorf("congestion: unknown controller %q; known are %s", name, strings.Join(Names(), ", "))
}

// Default returns the controller that connections use unless told otherwise.
func Default(c Config) Controller { return NewDalt(c) }
