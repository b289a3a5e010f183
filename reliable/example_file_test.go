package reliable_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"log"

	"udplab/reliable"
)

// A file of 10 MB goes over a channel of low priority while lines of chat pass it
// on another. The file was first, and the lines are read first all the same.
func Example_fileBesideChat() {
	const chat, file = 1, 2
	ctx := context.Background()
	l, err := reliable.Listen("udp", "127.0.0.1:0", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	ann, err := reliable.Dial(ctx, "udp", l.Addr().String(), nil)
	if err != nil {
		log.Fatal(err)
	}
	bob, err := l.Accept(ctx)
	if err != nil {
		log.Fatal(err)
	}

	if err := ann.Channel(file).Configure(reliable.ChannelConfig{Priority: -1}); err != nil {
		log.Fatal(err)
	}
	picture := bytes.Repeat([]byte("0123456789"), 1_000_000)
	if err := ann.Channel(file).Send(ctx, picture); err != nil {
		log.Fatal(err)
	}
	for _, line := range []string{"look at this", "it was huge", "did it arrive?"} {
		if err := ann.Channel(chat).Send(ctx, []byte(line)); err != nil {
			log.Fatal(err)
		}
	}

	for range 3 {
		line, err := bob.Channel(chat).Receive(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("ann: %s\n", line.Data)
	}
	got, err := bob.Channel(file).Receive(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("a file of %d bytes, intact: %v\n", len(got.Data), sha256.Sum256(got.Data) == sha256.Sum256(picture))
	if err := ann.Close(); err != nil {
		log.Fatal(err)
	}

	// Output:
	// ann: look at this
	// ann: it was huge
	// ann: did it arrive?
	// a file of 10000000 bytes, intact: true
}
