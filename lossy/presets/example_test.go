package presets_test

import (
	"fmt"
	"log"

	"udplab/lossy"
	"udplab/lossy/presets"
)

// An in-memory network with a name, for tests of code that wants sockets.
func ExampleFind() {
	p, err := presets.Find("handshakeloss")
	if err != nil {
		log.Fatal(err)
	}
	way, err := p.Setup()
	if err != nil {
		log.Fatal(err)
	}
	network := lossy.NewNetwork(lossy.Config{Seed: 1, Up: way.Up, Down: way.Down})
	defer network.Close()

	fmt.Println(p.Confidence)
	fmt.Println(way.Up)
	// Output:
	// sourced
	// loss 30% at most 3 in a row after the queue, delay 15ms, rate 10mbit queue 25packets overhead 30 bytes
}
