package lossy

// FlowChosen says whether a flow is one of the share of all flows, 0..1, that
// something with a name is to happen to. The draw depends on the seed, the flow
// and the name alone: it is one for both directions, independent of every fate
// and of the draws under other names, and whoever is chosen at one share is
// chosen at every larger one. It is exact to 2^-53: a share of 0 chooses nobody
// and one of 1 everybody.
func FlowChosen(seed uint64, flow FlowKey, name string, share float64) bool {
	return newStream(seed, flow.Number, Up, drawChosen).hits(nameNumber(name), share)
}

// nameNumber makes a number of a name.
func nameNumber(name string) uint64 {
	hash := uint64(len(name))
	for _, b := range []byte(name) {
		hash = mix(mix(hash+golden) ^ uint64(b))
	}
	return hash
}
