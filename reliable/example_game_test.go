package reliable_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log"
	"net/netip"
	"time"

	"udplab/lossy"
	"udplab/reliable"
)

// A game tells where a player is, many times a second, over a network that loses
// a third of the packets. Only the newest position matters: an old one is neither
// repaired nor waited for, and the last one always arrives.
func Example_gameState() {
	const positions = 1
	ctx := context.Background()
	bad := lossy.Profile{Loss: 0.3, Delay: time.Millisecond}
	network := lossy.NewNetwork(lossy.Config{Seed: 1, Up: bad, Down: bad})
	defer network.Close()
	server, player := openPair(ctx, network)
	defer server.Abort()

	if err := server.Channel(positions).Configure(reliable.ChannelConfig{Mode: reliable.ModeLatest}); err != nil {
		log.Fatal(err)
	}
	for x := range uint32(100) {
		// The loop of a game can't wait: TrySend never does.
		if err := server.Channel(positions).TrySend(binary.BigEndian.AppendUint32(nil, x)); err != nil {
			log.Fatal(err)
		}
	}

	last, seen, skipped := uint32(0), 0, 0
	for last != 99 {
		m, err := player.Channel(positions).Receive(ctx)
		if err != nil {
			log.Fatal(err)
		}
		x := binary.BigEndian.Uint32(m.Data)
		if x < last {
			fmt.Println("back to", x)
		}
		last, seen, skipped = x, seen+1, skipped+m.Skipped
	}
	fmt.Println("the player is at", last)
	fmt.Println("positions seen or skipped:", seen+skipped)

	// Output:
	// the player is at 99
	// positions seen or skipped: 100
}

// openPair opens a connection over an in-memory network. Over a real one there
// would be Dial on one machine, and Listen and Accept on the other.
func openPair(ctx context.Context, network *lossy.Network) (dialed, accepted *reliable.Conn) {
	var listeners [2]*reliable.Listener
	for i := range listeners {
		socket, err := network.Listen(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}), 9000))
		if err != nil {
			log.Fatal(err)
		}
		if listeners[i], err = reliable.NewListener(socket, nil); err != nil {
			log.Fatal(err)
		}
	}
	dialed, err := listeners[0].Dial(ctx, netip.MustParseAddrPort("10.0.0.2:9000"))
	if err != nil {
		log.Fatal(err)
	}
	if accepted, err = listeners[1].Accept(ctx); err != nil {
		log.Fatal(err)
	}
	return dialed, accepted
}
