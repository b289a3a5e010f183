package reliable_test

import (
	"context"
	"fmt"
	"log"

	"udplab/reliable"
)

// Two people talk. Each line arrives once and in order, and its sender sees when
// it left and when it is there.
func Example_chat() {
	ctx := context.Background()
	l, err := reliable.Listen("udp", "127.0.0.1:0", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()

	go func() { // bob answers
		c, err := l.Accept(ctx)
		if err != nil {
			return
		}
		for {
			line, err := c.Receive(ctx)
			if err != nil {
				return // io.EOF: ann has left
			}
			if err := c.Send(ctx, fmt.Appendf(nil, "you said %q", line)); err != nil {
				return
			}
		}
	}()

	ann, err := reliable.Dial(ctx, "udp", l.Addr().String(), nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, line := range []string{"hello", "are you there?"} {
		if _, err := ann.SendTracked(ctx, []byte(line)); err != nil {
			log.Fatal(err)
		}
		for range 2 {
			r, err := ann.Receipt(ctx)
			if err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%s: %v\n", line, r.State)
		}
		answer, err := ann.Receive(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("bob:", string(answer))
	}
	if err := ann.Close(); err != nil { // delivers what is queued, and tells bob
		log.Fatal(err)
	}

	// Output:
	// hello: sent
	// hello: acked
	// bob: you said "hello"
	// are you there?: sent
	// are you there?: acked
	// bob: you said "are you there?"
}
