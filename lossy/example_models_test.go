package lossy_test

import (
	"fmt"
	"time"

	"udplab/lossy"
)

// Losses by a chain of two states. The link knows what the model loses in the
// long run, and what that says of so few packets.
func ExampleParseLossModel() {
	model, err := lossy.ParseLossModel("gilbert-elliott:p=1%,r=25%,bad=80%", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	link := lossy.NewLink(1, 0, lossy.Up, lossy.Profile{LossModel: model})
	for range 10_000 {
		link.Send(0, []byte("hello"))
	}
	e := link.Stats().Observed(lossy.ImpairmentLoss)
	fmt.Println(model)
	fmt.Printf("configured %.4f, observed %.4f, 99 %% interval %.4f to %.4f\n", e.Configured, e.Observed, e.Low, e.High)
	// Output:
	// gilbert-elliott:p=1%,r=25%,bad=80%,good=0%
	// configured 0.0308, observed 0.0263, 99 % interval 0.0182 to 0.0378
}

// An empirical distribution: half of the packets take 20 ms, the others up to
// 80 ms. Who may read files brings the reader.
func ExampleParseDistribution() {
	file := func(string) ([]byte, error) { return []byte("20ms,50%\n80ms,100%\n"), nil }
	law, err := lossy.ParseDistribution("cdf:lte.csv", file)
	if err != nil {
		fmt.Println(err)
		return
	}
	model := lossy.NewModel(1, 0, lossy.Down, lossy.Profile{Distribution: law})
	for range 4 {
		fmt.Println(model.Decide(1200).Delay.Round(time.Millisecond))
	}
	// Output:
	// 20ms
	// 70ms
	// 20ms
	// 36ms
}
