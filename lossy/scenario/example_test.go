package scenario_test

import (
	"fmt"
	"time"

	"udplab/lossy"
	"udplab/lossy/scenario"
)

// What a scenario does, without waiting for it.
func ExamplePlayer() {
	s, err := scenario.Parse([]byte(`{"steps": [
		{"set": {"delay": "20ms"}, "for": "10s"},
		{"ramp": {"loss": {"from": "0%", "to": "10%"}}, "for": "2s", "resolution": "1s"},
		{"loop": 2, "steps": [{"blackout": "500ms", "for": "5s"}]},
		{"reset": true}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	network := lossy.Config{Seed: 1}
	player, err := s.Start(network)
	if err != nil {
		fmt.Println(err)
		return
	}
	for {
		now, ok := player.Next()
		if !ok {
			return
		}
		for {
			c, ok := player.Take(now)
			if !ok {
				break
			}
			if err := c.Apply(&network); err != nil {
				fmt.Println(err)
				return
			}
			fmt.Printf("%4v %-16s up: %v", c.At, c.Step, network.Up)
			if c.Blackout > 0 {
				fmt.Printf(", nothing for %v", c.Blackout)
			}
			fmt.Println()
		}
	}
	// Output:
	//   0s steps.0          up: delay 20ms
	//  10s steps.1          up: delay 20ms
	//  11s steps.1          up: loss 5%, delay 20ms
	//  12s steps.1          up: loss 10%, delay 20ms
	//  12s steps.2.steps.0  up: loss 10%, delay 20ms, nothing for 500ms
	//  17s steps.2.steps.0  up: loss 10%, delay 20ms, nothing for 500ms
	//  22s steps.3          up: perfect
	//  22s                  up: perfect
}

// The error says where, so that who reads files can show the line.
func ExampleParse() {
	_, err := scenario.Parse([]byte(`{"steps": [{"for": "1s", "ramp": {"rate": {"from": "0", "to": "1mbit"}}}]}`))
	fmt.Println(err)
	// Output:
	// field "steps.0.ramp.rate.from": 0 stands for unlimited here, and nothing lies between that and a number
}

// A flow's links in virtual time: a minute without a second of waiting.
func ExamplePlayLinks() {
	s, err := scenario.Parse([]byte(`{"steps": [{"loop": 3, "steps": [{"for": "15s"}, {"blackout": "5s", "for": "5s"}]}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	up, down := lossy.NewLink(1, 0, lossy.Up, lossy.Profile{}), lossy.NewLink(1, 0, lossy.Down, lossy.Profile{})
	links, err := scenario.PlayLinks(s, 0, up, down, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for now := time.Duration(0); now < time.Minute; now += time.Second {
		links.Advance(now)
		up.Send(now, []byte("a datagram a second"))
	}
	fmt.Println(up.Stats().Dropped[lossy.CauseBlackout], "of", up.Stats().PacketsIn, "were sent into the dark")
	// Output:
	// 15 of 60 were sent into the dark
}
