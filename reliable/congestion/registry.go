package congestion

import (
	"fmt"
	"strings"
)

// New makes the controller with the name. The error is for an unknown name and
// lists the known ones.
func New(name string, c Config) (Controller, error) {
	if make := Named(name); make != nil {
		return make(c), nil
	}
	return nil, fmt.Errorf("congestion: unknown controller %q; known are %s", name, strings.Join(Names(), ", "))
}

// Default returns the controller that connections use unless told otherwise.
func Default(c Config) Controller { return NewDalt(c) }
