package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptCommands are the words that udplab's scripts add to testscript's.
var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"code":     codeCommand,
	"takeport": takePortCommand,
	"freeport": freePortCommand,
	"echo":     echoCommand,
	"ask":      askCommand,
	"send":     sendCommand,
	"crowd":    crowdCommand,
	"hangup":   hangupCommand,
	"http":     httpCommand,
	"waitfile": waitFileCommand,
}

// scriptPatience ends a script that would otherwise hang; between two looks at
// another process scriptPause passes.
const (
	scriptPatience = 20 * time.Second
	scriptPause    = 10 * time.Millisecond
)

// usage fails a script whose line has the wrong number of words.
func usage(ts *testscript.TestScript, neg bool, args []string, atLeast, atMost int, text string) {
	if neg || len(args) < atLeast || len(args) > atMost {
		ts.Fatalf("usage: %s", text)
	}
}

// codeCommand runs a program and wants an exact exit code, which `! exec`
// cannot say. The script's stdout and stderr are then the program's.
func codeCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, 1000, "code N program [args...]")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s ended with code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// hangupCommand sends SIGHUP, which testscript's kill does not know, to the program
// that was started last.
func hangupCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 0, 0, "hangup")
	all := ts.BackgroundCmds()
	ts.Check(all[len(all)-1].Process.Signal(syscall.SIGHUP))
}

// hold opens a port until the script ends and returns its address.
func hold(ts *testscript.TestScript, network, address string) (string, error) {
	if network == "udp" {
		c, err := net.ListenPacket("udp", address)
		if err != nil {
			return "", err
		}
		ts.Defer(func() { c.Close() })
		return c.LocalAddr().String(), nil
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return "", err
	}
	ts.Defer(func() { l.Close() })
	return l.Addr().String(), nil
}

// takePortCommand holds a port of 127.0.0.1 until the script ends and puts its
// address into a variable. If a port is named it is in use afterwards, by us
// or by whoever had it.
func takePortCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, 3, "takeport udp|tcp VARIABLE [address]")
	if len(args) == 3 {
		if _, err := hold(ts, args[0], args[2]); err != nil && !errors.Is(err, errAddrInUse) {
			ts.Fatalf("%v", err)
		}
		ts.Setenv(args[1], args[2])
		return
	}
	address, err := hold(ts, args[0], "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[1], address)
}

// freePortCommand puts the address of a free port of 127.0.0.1 into a variable.
// It lies below the range from which systems choose ports, so that nobody gets
// it by chance before the script uses it.
func freePortCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, 2, "freeport udp|tcp VARIABLE")
	for port := 20000 + time.Now().Nanosecond()%10000; port < 32000; port++ {
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if args[0] == "udp" {
			if c, err := net.ListenPacket("udp", address); err == nil {
				c.Close()
				ts.Setenv(args[1], address)
				return
			}
		} else if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			ts.Setenv(args[1], address)
			return
		}
	}
	ts.Fatalf("no free port")
}

// echoCommand runs a service that answers every datagram with itself, until
// the script ends.
func echoCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, 1, "echo VARIABLE")
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { c.Close() })
	ts.Setenv(args[0], c.LocalAddr().String())
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			// A client that is gone is no business of the service.
			_, _ = c.WriteTo(buf[:n], from)
		}
	}()
}

// askCommand sends datagrams one by one, each after the answer to the one
// before, and wants the same text back. While nobody listens it tries again.
func askCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 3, 3, "ask ADDRESS COUNT TEXT")
	count, err := strconv.Atoi(args[1])
	ts.Check(err)
	c, err := net.Dial("udp", args[0])
	ts.Check(err)
	defer c.Close()
	end := time.Now().Add(scriptPatience)
	c.SetDeadline(end)
	buf := make([]byte, 1<<16)
	for i := 0; i < count; {
		_, err := c.Write([]byte(args[2]))
		n := 0
		if err == nil {
			n, err = c.Read(buf)
		}
		if errors.Is(err, syscall.ECONNREFUSED) && time.Now().Before(end) {
			time.Sleep(scriptPause)
			continue
		}
		ts.Check(err)
		if got := string(buf[:n]); got != args[2] {
			ts.Fatalf("asked %q, got %q", args[2], got)
		}
		i++
	}
}

// sendCommand sends datagrams and waits for no answer.
func sendCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 3, 3, "send ADDRESS COUNT TEXT")
	count, err := strconv.Atoi(args[1])
	ts.Check(err)
	c, err := net.Dial("udp", args[0])
	ts.Check(err)
	defer c.Close()
	for range count {
		_, err := c.Write([]byte(args[2]))
		ts.Check(err)
	}
}

// crowdCommand sends a datagram from each of many sockets, all open at a time.
func crowdCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 3, 3, "crowd ADDRESS CLIENTS TEXT")
	clients, err := strconv.Atoi(args[1])
	ts.Check(err)
	for range clients {
		c, err := net.Dial("udp", args[0])
		ts.Check(err)
		defer c.Close()
		_, err = c.Write([]byte(args[2]))
		ts.Check(err)
	}
}

// httpCommand makes a request until the answer has the wanted status and, if
// one is given, contains a text; a server that is not up yet is waited for. A
// body comes from a file, with the script's variables in it, a bearer token from the variable TOKEN.
func httpCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 3, 5, "http STATUS METHOD URL [text|-] [body file]")
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	text, body := "", ""
	if len(args) > 3 && args[3] != "-" {
		text = args[3]
	}
	if len(args) > 4 {
		body = os.Expand(ts.ReadFile(args[4]), ts.Getenv)
	}
	client := &http.Client{Timeout: scriptPatience, Transport: &http.Transport{DisableKeepAlives: true}}
	last := ""
	for end := time.Now().Add(scriptPatience); time.Now().Before(end); time.Sleep(scriptPause) {
		request, err := http.NewRequest(args[1], args[2], strings.NewReader(body))
		ts.Check(err)
		request.Header.Set("Content-Type", "application/json")
		if token := ts.Getenv("TOKEN"); token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := client.Do(request)
		if err != nil {
			last = err.Error()
			continue
		}
		b, err := io.ReadAll(response.Body)
		response.Body.Close()
		ts.Check(err)
		last = fmt.Sprintf("%d %s", response.StatusCode, b)
		if response.StatusCode == status && strings.Contains(string(b), text) {
			return
		}
	}
	ts.Fatalf("%s %s never answered %d with %q, last: %s", args[1], args[2], status, text, last)
}

// waitFileCommand waits until a file exists.
func waitFileCommand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, 1, "waitfile FILE")
	for end := time.Now().Add(scriptPatience); time.Now().Before(end); time.Sleep(scriptPause) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
	}
	ts.Fatalf("no file %s", args[0])
}
