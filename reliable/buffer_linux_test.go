package reliable

import "testing"

// messageCost is what a message counts besides its bytes (SPEC 6.1).
const messageCost = 32

// What the system granted for the socket is what a peer may send before it
// heard anything of us.
func TestFirstCreditFitsTheReceiveBuffer(t *testing.T) {
	for _, asked := range []int{64 << 10, 256 << 10} {
		l, err := Listen("udp4", "127.0.0.1:0", &Config{SocketBuffer: asked})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		granted := l.Stats().ReceiveBuffer
		if granted == 0 || granted > 2<<20 {
			t.Fatalf("asked for %d bytes, granted %d", asked, granted)
		}
		c, err := Dial(t.Context(), "udp4", l.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Abort()
		if err := c.Send(t.Context(), nil); err != nil { // a channel exists once something was sent
			t.Fatal(err)
		}
		if left := c.Channel(0).Stats().CreditLeft; left > granted || left < granted-messageCost {
			t.Errorf("%d bytes granted, the peer may send %d", granted, left)
		}
	}
}
