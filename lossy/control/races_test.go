package control

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"udplab/lossy/control/access"
	"udplab/lossy/proxy"
)

// Proxies come, change and go while datagrams pass through others, and through
// themselves: nobody is disturbed, and every answer is one that the calls allow.
// Run with -race.
func TestFleetUnderEverything(t *testing.T) {
	rounds := 60
	if raceEnabled {
		rounds = 15
	}
	sink, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	f := testFleet(t)
	h := NewHandler(f, access.Rules{})
	steady, err := f.Add("steady", proxy.Config{Listen: "127.0.0.1:0", Upstream: sink.LocalAddr().String()})
	if err != nil {
		t.Fatal(err)
	}
	fresh := func(name string) string {
		return fmt.Sprintf(`{"name":%q,"upstream":%q,"toxics":[{"type":"mtu","attributes":{"mtu":900}}]}`, name, sink.LocalAddr())
	}
	kept := `{"name":"steady","upstream":"` + sink.LocalAddr().String() + `"}`
	var all, traffic sync.WaitGroup
	worker := func(allowed []int, calls ...[3]string) {
		all.Go(func() {
			for i := range rounds {
				c := calls[i%len(calls)]
				status, body := send(t, h, c[0], c[1], c[2])
				ok := false
				for _, a := range allowed {
					ok = ok || status == a
				}
				if !ok {
					t.Errorf("%v: %d %s", c, status, body)
				}
			}
		})
	}
	worker([]int{201, 204, 404, 409}, [3]string{"POST", "/proxies", fresh("a")}, [3]string{"DELETE", "/proxies/a", ""})
	worker([]int{201, 204, 404, 409}, [3]string{"POST", "/proxies", fresh("a")}, [3]string{"DELETE", "/proxies/b", ""})
	worker([]int{201}, [3]string{"POST", "/populate", "[" + fresh("a") + "," + fresh("b") + "]"})
	worker([]int{200}, [3]string{"PUT", "/proxies", "[" + kept + "," + fresh("b") + "]"}, [3]string{"PUT", "/proxies", "[" + kept + "]"})
	worker([]int{200, 404}, [3]string{"PATCH", "/proxies/a", `{"loss":"5%","listen":"[::1]:0"}`}, [3]string{"PATCH", "/proxies/a", `{"loss":"0","listen":"127.0.0.1:0"}`})
	worker([]int{200, 204, 404, 409}, [3]string{"POST", "/proxies/b/toxics", `{"type":"latency","attributes":{"latency":1}}`},
		[3]string{"PATCH", "/proxies/b/toxics/latency_downstream", `{"toxicity":0.5}`}, [3]string{"DELETE", "/proxies/b/toxics/latency_downstream", ""})
	worker([]int{204}, [3]string{"POST", "/reset", ""})
	worker([]int{200, 404, 503}, [3]string{"GET", "/proxies", ""}, [3]string{"GET", "/proxies/a/stats", ""}, [3]string{"GET", "/ready", ""}, [3]string{"GET", "/proxies/b/toxics", ""})

	stop := make(chan struct{})
	for _, name := range []string{"steady", "a", "b"} {
		traffic.Go(func() {
			c, err := net.ListenPacket("udp", "localhost:0")
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for {
				select {
				case <-stop:
					return
				default:
				}
				if p := f.Proxy(name); p != nil {
					// The proxy may be gone, or be of the other family.
					_, _ = c.WriteTo(make([]byte, 100), net.UDPAddrFromAddrPort(p.Addr()))
				}
				time.Sleep(50 * time.Microsecond)
			}
		})
	}
	all.Wait()
	for end := time.Now().Add(20 * time.Second); steady.Stats().Up.PacketsReceived == 0; {
		if time.Now().After(end) {
			t.Fatal("no datagram ever passed")
		}
	}
	close(stop)
	traffic.Wait()
	if f.Proxy("steady") != steady || steady.Stats().Flows != 1 {
		t.Errorf("what the state kept was opened anew, or its flow ended: %d flows", steady.Stats().Flows)
	}
	f.Close()
	if s := steady.Stats(); s.Up.Unaccounted() != 0 || s.Down.Unaccounted() != 0 {
		t.Errorf("%d and %d datagrams are unaccounted for", s.Up.Unaccounted(), s.Down.Unaccounted())
	}
	if status, _ := send(t, h, "POST", "/proxies", fresh("a")); status != 503 {
		t.Errorf("a proxy for a fleet that has closed: %d, want 503", status)
	}
	if err := f.Remove("a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("of a closed fleet: %v", err)
	}
}
