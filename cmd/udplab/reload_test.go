package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// fileProxy is `udplab proxy --config` in this process.
type fileProxy struct {
	t       *testing.T
	file    string
	stderr  *lockedBuffer
	seen    int // how far stderr was read
	hangups chan os.Signal
}

func startFileProxy(t *testing.T, content string, args ...string) *fileProxy {
	t.Helper()
	p := &fileProxy{t: t, file: filepath.Join(t.TempDir(), "lab.yaml"), stderr: &lockedBuffer{}, hangups: make(chan os.Signal)}
	p.write(content)
	d := chatDeps(strings.NewReader(""), io.Discard, p.stderr)
	signals, code := make(chan os.Signal, 2), make(chan int, 1)
	d.signals = signals
	d.hangups = func() (<-chan os.Signal, func()) { return p.hangups, func() {} }
	go func() { code <- run(context.Background(), append([]string{"proxy", "--config", p.file}, args...), d) }()
	t.Cleanup(func() {
		signals <- os.Interrupt
		select {
		case <-code:
		case <-time.After(scriptPatience):
			t.Errorf("the proxy does not end; stderr:\n%s", p.stderr)
		}
	})
	return p
}

func (p *fileProxy) write(content string) {
	p.t.Helper()
	if err := os.WriteFile(p.file, []byte(content), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// says waits for a line on stderr and returns what stands in its parentheses.
func (p *fileProxy) says(line string) string {
	p.t.Helper()
	pattern := regexp.MustCompile("(?m)^" + line + "$")
	for deadline := time.Now().Add(scriptPatience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		text := p.stderr.String()
		if at := pattern.FindStringSubmatchIndex(text[p.seen:]); at != nil {
			found := pattern.FindStringSubmatch(text[p.seen:])
			p.seen += at[1]
			return strings.Join(found[1:], "")
		}
	}
	p.t.Fatalf("no line %s in\n%s", line, p.stderr.String()[p.seen:])
	return ""
}

// reload has the file read again, with another content.
func (p *fileProxy) reload(content string) {
	p.t.Helper()
	p.write(content)
	select {
	case p.hangups <- os.Interrupt: // which signal it is does not matter
	case <-time.After(scriptPatience):
		p.t.Fatal("nobody hears the signal")
	}
}

func ask(t *testing.T, c net.Conn, text string) {
	t.Helper()
	c.SetDeadline(time.Now().Add(scriptPatience))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	n, err := c.Read(b)
	if err != nil || string(b[:n]) != text {
		t.Fatalf("asked %q, got %q, %v", text, b[:n], err)
	}
}

// echoService answers every datagram with itself until the test ends.
func echoService(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		b := make([]byte, 2000)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			c.WriteTo(b[:n], from)
		}
	}()
	return c.LocalAddr().String()
}

// A proxy that the file has still goes on with its client and its counts.
func TestReload(t *testing.T) {
	service := echoService(t)
	file := func(rest string) string {
		return fmt.Sprintf("api: 127.0.0.1:0\nseed: 42\nproxies:\n- name: kept\n  upstream: %s\n%s", service, rest)
	}
	p := startFileProxy(t, file("- {name: gone, upstream: '127.0.0.1:9', loss: 5%}\n"))
	p.says(`proxy "gone": listening on 127.0.0.1:\d+, upstream 127.0.0.1:9, seed 42`)
	address := p.says(`proxy "kept": listening on (127.0.0.1:\d+), upstream ` + service + `, seed 42`)
	url := p.says(`API (http://127.0.0.1:\d+)/proxies`)
	client, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ask(t, client, "one")

	p.reload(file("  up: {delay: 1ms}\n- {name: new, upstream: '127.0.0.1:9'}\n"))
	p.says(`.*lab.yaml: gone closed; kept changed \(up.delay\); new opened on 127.0.0.1:\d+`)
	ask(t, client, "two")
	p.reload(file("  up: {delay: 1ms}\n- {name: new, upstream: '127.0.0.1:9'}\n"))
	p.says(`.*lab.yaml: nothing changed`)
	p.reload(strings.Replace(file("  up: {delay: 1ms}\n"), "seed: 42", "seed: 43\nmax-flows: 7", 1))
	p.says(`.*lab.yaml: kept changed \(seed\); new closed`)
	p.says(`warning: .*lab.yaml: max-flows is of the process, and holds once it starts again`)
	ask(t, client, "three")

	// What is at fault changes nothing: text, a field, an address.
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct{ content, want string }{
		{"proxies: [\n", `warning: .*lab.yaml:2:1: no valid YAML: .*`},
		{"proxies:\n- {name: kept, upstream: '127.0.0.1:9', loss: 5, delay: 7}\n", `warning: .*lab.yaml:2:47: field "proxies.0.loss": "5" is ambiguous: .*\n` +
			`warning: .*lab.yaml:2:57: field "proxies.0.delay": "7" has no unit: .*`},
		{fmt.Sprintf("proxies:\n- {name: new, upstream: '127.0.0.1:9', listen: '%s'}\n", taken.LocalAddr()),
			`warning: .*lab.yaml:2:48: field "proxies.0.listen": 127.0.0.1:\d+: .+`},
	} {
		p.reload(c.content)
		p.says(c.want)
		p.says(`warning: .*lab.yaml is not taken, everything goes on as it was`)
	}
	os.Remove(p.file)
	p.hangups <- os.Interrupt
	p.says(`warning: open .*lab.yaml: .*`)
	ask(t, client, "four")

	response, err := http.Get(url + "/proxies/kept/stats")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if want := `"flows":1,"flows_opened":1,`; err != nil || !strings.Contains(string(b), want) || !strings.Contains(string(b), `"packets_in":4`) {
		t.Errorf("%s, %v; want one flow all along, with 4 datagrams each way", b, err)
	}
	http.DefaultClient.CloseIdleConnections()
}
