package reliable_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"net"

	"udplab/reliable"
)

// What is written for a net.Conn runs over a reliable.Conn: here a server that
// numbers the lines of a text.
func Example_netConn() {
	number := func(c net.Conn) error {
		lines := bufio.NewScanner(c)
		for n := 1; lines.Scan(); n++ {
			if _, err := fmt.Fprintf(c, "%d %s\n", n, lines.Text()); err != nil {
				return err
			}
		}
		return lines.Err()
	}

	l, err := reliable.Listen("udp", "127.0.0.1:0", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept(context.Background())
		if err != nil {
			return
		}
		if err := number(c); err != nil {
			log.Print(err)
		}
		c.Close()
	}()

	c, err := reliable.Dial(context.Background(), "udp", l.Addr().String(), nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.WriteString(c, "in the beginning\nthere was\na datagram\n"); err != nil {
		log.Fatal(err)
	}
	if err := c.CloseWrite(); err != nil { // nothing more will come
		log.Fatal(err)
	}
	text, err := io.ReadAll(c)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(text))
	c.Close()

	// Output:
	// 1 in the beginning
	// 2 there was
	// 3 a datagram
}
