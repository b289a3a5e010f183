package table

import "fmt"

// apart explains a figure over sockets that differs from the simulator's by
// more than 5 %: what of it comes from the shorter run, which the simulator
// can tell, and what is left for the sockets.
func apart(c Case, f *Figure) string {
	if !differ(f.Simulator, *f.Sockets) {
		return ""
	}
	if f.Short == nil || !differ(f.Simulator, *f.Short) {
		return c.apart
	}
	shorter := fmt.Sprintf("the run is shorter: the simulator gives %s for as long", f.Measure.format(*f.Short))
	if !differ(*f.Short, *f.Sockets) {
		return shorter
	}
	return shorter + "; and " + c.apart
}
