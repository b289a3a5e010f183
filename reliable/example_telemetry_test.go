package reliable_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"udplab/lossy"
	"udplab/reliable"
)

// A sensor's readings are worth something for a while. Those that a network
// failure keeps back for longer are not delivered late, and both sides know.
func Example_telemetry() {
	const readings = 1
	ctx := context.Background()
	good := lossy.Profile{Delay: time.Millisecond}
	network := lossy.NewNetwork(lossy.Config{Seed: 1, Up: good, Down: good})
	defer network.Close()
	sensor, station := openPair(ctx, network)
	defer sensor.Abort()

	measure := func(reading string, lifetime time.Duration) {
		_, err := sensor.Channel(readings).SendWith(ctx, []byte(reading), reliable.SendOptions{
			Mode: reliable.ModeDeadline, Lifetime: lifetime, Tracked: true,
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	show := func() {
		m, err := station.Channel(readings).Receive(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("station: %s, %d skipped before it\n", m.Data, m.Skipped)
	}
	fate := func() { // the last word about the oldest message without one
		for {
			r, err := sensor.Receipt(ctx)
			if err != nil {
				log.Fatal(err)
			}
			if r.State != reliable.Sent {
				fmt.Println("sensor:", r.State)
				return
			}
		}
	}

	measure("20.1 degrees", time.Minute)
	show()
	fate()

	network.SetDown(lossy.Up, true) // the cable is out
	measure("20.2 degrees", 20*time.Millisecond)
	measure("20.3 degrees", 20*time.Millisecond)
	time.AfterFunc(50*time.Millisecond, func() { network.SetDown(lossy.Up, false) })
	fate()
	fate()

	measure("20.4 degrees", time.Minute)
	show()
	fate()

	// Output:
	// station: 20.1 degrees, 0 skipped before it
	// sensor: acked
	// sensor: skipped
	// sensor: skipped
	// station: 20.4 degrees, 2 skipped before it
	// sensor: acked
}
