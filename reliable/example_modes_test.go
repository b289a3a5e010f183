package reliable_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"udplab/lossy"
	"udplab/reliable"
)

// One connection carries messages that need different things, each on a channel
// of its own.
func ExampleConn_Channel() {
	ctx := context.Background()
	bad := lossy.Profile{Loss: 0.1, Delay: time.Millisecond}
	network := lossy.NewNetwork(lossy.Config{Seed: 1, Up: bad, Down: bad})
	defer network.Close()
	c, peer := openPair(ctx, network)
	defer c.Abort()
	line, file, position, reading := []byte("hello"), make([]byte, 1e6), []byte("here"), []byte("20.1")
	check := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}

	game, sensor, files := c.Channel(1), c.Channel(2), c.Channel(3)
	check(game.Configure(reliable.ChannelConfig{Mode: reliable.ModeLatest, Priority: 1}))
	check(sensor.Configure(reliable.ChannelConfig{Mode: reliable.ModeDeadline, Lifetime: 10 * time.Second}))
	check(files.Configure(reliable.ChannelConfig{Mode: reliable.ModeUnordered, Priority: -1}))

	check(files.Send(ctx, file))     // as soon as it is whole
	check(c.Send(ctx, line))         // in order, and not behind the file
	check(sensor.Send(ctx, reading)) // within ten seconds or not at all
	check(game.TrySend(position))    // never waits, and a newer one takes its place

	m, err := peer.Channel(1).Receive(ctx) // m.Skipped positions before it were not delivered
	check(err)
	fmt.Println(m.Mode, string(m.Data), m.Skipped)
	for _, channel := range []uint8{0, 2, 3} {
		m, err := peer.Channel(channel).Receive(ctx)
		check(err)
		fmt.Println(m.Mode, len(m.Data))
	}

	// Output:
	// latest here 0
	// ordered 5
	// deadline 4
	// unordered 1000000
}
