package lossy_test

import (
	"fmt"
	"log"
	"net"
	"net/netip"
	"time"

	"udplab/lossy"
)

// A socket that loses half of what it sends, the same half each time.
func ExampleWrap() {
	service, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer service.Close()

	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	client := lossy.Wrap(socket, lossy.Config{Seed: 1, Up: lossy.Profile{Loss: 0.5}})
	defer client.Close()

	for i := range 8 {
		if _, err := client.WriteTo(fmt.Append(nil, i), service.LocalAddr()); err != nil {
			log.Fatal(err)
		}
	}
	arrived := client.Network().Stats().Up.PacketsOut
	buf := make([]byte, 100)
	for range arrived {
		n, _, err := service.ReadFrom(buf)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s ", buf[:n])
	}
	fmt.Println("of 8 arrived")
	// Output: 0 2 3 4 5 7 of 8 arrived
}

// Two sockets in memory, with 20 ms between them. In a testing/synctest bubble
// the delay is exact and takes no time.
func ExampleNetwork() {
	way := lossy.Profile{Delay: 20 * time.Millisecond}
	network := lossy.NewNetwork(lossy.Config{Up: way, Down: way})
	defer network.Close()

	server, err := network.Listen(netip.MustParseAddrPort("10.0.0.1:53"))
	if err != nil {
		log.Fatal(err)
	}
	client, err := network.Listen(netip.MustParseAddrPort("10.0.0.2:0"))
	if err != nil {
		log.Fatal(err)
	}

	sent := time.Now()
	if _, err := client.WriteTo([]byte("ping"), server.LocalAddr()); err != nil {
		log.Fatal(err)
	}
	buf := make([]byte, 100)
	n, from, err := server.ReadFrom(buf)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := server.WriteTo(buf[:n], from); err != nil {
		log.Fatal(err)
	}
	if n, _, err = client.ReadFrom(buf); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s came back to %v, after 40ms or more: %v\n", buf[:n], from, time.Since(sent) >= 40*time.Millisecond)
	// Output: ping came back to 10.0.0.2:49152, after 40ms or more: true
}
