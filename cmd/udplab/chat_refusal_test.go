package main

import (
	"context"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"udplab/cmd/internal/chat"
)

// runChat runs `udplab chat` to its end over the given input.
func runChat(input string, args ...string) (code int, stdout, stderr string) {
	var out, errs lockedBuffer
	code = run(context.Background(), append([]string{"chat"}, args...), chatDeps(strings.NewReader(input), &out, &errs))
	return code, out.String(), errs.String()
}

// TestChatRefusals: what is wrong is said in one line, with what to try.
func TestChatRefusals(t *testing.T) {
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	busy := taken.LocalAddr().String()
	cases := []struct {
		args string
		code int
		want string
	}{
		{"--mode tcp --peer 127.0.0.1:1", exitUsage, `--mode "tcp"; use raw or reliable`},
		{"--text --mode reliable --peer 127.0.0.1:1", exitUsage, "bare text has nothing that could be made reliable; use --mode raw --text"},
		{"--mode raw --listen 127.0.0.1:0", exitUsage, "no peer given, and raw mode cannot wait for one; say where to send with --peer HOST:PORT"},
		{"--peer 127.0.0.1", exitUsage, `--peer "127.0.0.1": missing port in address; write host:port`},
		{"--peer 127.0.0.1:99999", exitUsage, `--peer 127.0.0.1:99999: "99999" is no port`},
		{"--peer 127.0.0.1:x", exitUsage, `"x" is no port`},
		{"--peer 127.0.0.1:0", exitUsage, "port 0 is nobody's"},
		{"--peer :9002", exitUsage, "no host is named; write the address that the peer listens on"},
		{"--peer 0.0.0.0:9002", exitUsage, "no host is named"},
		{"--peer no.such.host.invalid:9002", exitFailed, `--peer no.such.host.invalid:9002: cannot resolve host "no.such.host.invalid"; check the name, or give an IP address`},
		{"--listen 127.0.0.1 --peer 127.0.0.1:1", exitUsage, `--listen "127.0.0.1": missing port in address`},
		{"--listen " + busy, exitFailed, "the port is in use; choose another one, or port 0"},
		{"--listen 192.0.2.1:0", exitFailed, "this machine has no such address"},
		{"--listen 127.0.0.1:0 --peer [::1]:9", exitUsage, "::1 has no IPv4 address, which the own address asks for; use addresses of one family"},
		{"--peer 127.0.0.1:9 --name \x1b", exitUsage, "give a name of 1 to 64 bytes"},
		{"--peer 127.0.0.1:9 --name " + strings.Repeat("x", 65), exitUsage, "give a name of 1 to 64 bytes"},
		{"--peer 127.0.0.1:9 --wait -1s", exitUsage, "cannot be negative"},
		{"--peer 127.0.0.1:9 --metrics nowhere", exitUsage, "--metrics"},
		{"--peer 127.0.0.1:9 -o xml", exitUsage, "must be one of text, jsonl"},
		{"hello", exitUsage, `unexpected argument "hello"`},
	}
	for _, c := range cases {
		code, stdout, stderr := runChat("", strings.Fields(c.args)...)
		if code != c.code || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: code %d, want %d; stderr %q, want one line with %q", c.args, code, c.code, stderr, c.want)
		}
	}
	own := freeUDP(t).String()
	if code, _, stderr := runChat("", "--listen", own, "--peer", own); code != exitUsage || !strings.Contains(stderr, "is this chat's own address") {
		t.Errorf("own address as peer: code %d, %q", code, stderr)
	}
}

// nobody is tcpmux, which nobody serves over UDP, and no system gives the port
// away.
const nobody = "127.0.0.1:1"

// TestNobodyThere: code 4, within the time given, and a line that says what to
// try.
func TestNobodyThere(t *testing.T) {
	cases := []struct {
		name, input string
		args        []string
		want        string
	}{
		{"reliable", "hi\n", []string{"--wait", "300ms"}, "the peer did not answer within 300ms; check its address and mode"},
		{"listening only", "", []string{"--wait", "300ms"}, "the peer did not come within 300ms"},
		{"raw", "hi\n", []string{"--mode", "raw"}, "nobody listens at the peer's address"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			code, stdout, stderr := runChat(c.input, append(c.args, "--peer", nobody)...)
			if code != exitUnreachable || stdout != "" || !strings.Contains(stderr, c.want) {
				t.Errorf("code %d, stdout %q, stderr %q, want code 4 and %q", code, stdout, stderr, c.want)
			}
		})
	}
}

// TestInterruptedWithLinesLeft: the first Ctrl-C drains, and the code says that
// not everything arrived.
func TestInterruptedWithLinesLeft(t *testing.T) {
	c := startChat(t, "--peer", freeUDP(t).String())
	c.waitStderr("listening on")
	c.say("nobody hears this")
	c.waitStderr("nobody answers at")
	c.signals <- os.Interrupt
	if code := c.exit(); code != exitInterrupt || !strings.Contains(c.stderr.String(), "1 line did not reach the peer") {
		t.Errorf("code %d, want %d; stderr\n%s", code, exitInterrupt, c.stderr)
	}
}

// TestLongLines are refused one by one, and the rest of the input is sent.
func TestLongLines(t *testing.T) {
	a := startChat(t, "--listen", "127.0.0.1:0", "--name", "ann")
	long := strings.Repeat("x", chat.MaxText+1)
	fits := strings.Repeat("y", chat.MaxText)
	code, _, stderr := runChat(fits+"\r\n"+long+"\n"+long+long+"\nlast", "--peer", a.address().String())
	if code != exitFailed || !strings.Contains(stderr, "line 2 is longer than 16384 bytes and was not sent") ||
		!strings.Contains(stderr, "line 3 is longer") || !strings.Contains(stderr, "2 lines of the input were not sent") {
		t.Errorf("code %d, stderr\n%s", code, stderr)
	}
	for _, want := range []string{fits, "last"} {
		if _, got := a.nextLine(); got != want {
			t.Errorf("got %d bytes, want %d", len(got), len(want))
		}
	}
	a.waitStderr("left")
	if code := a.endInput(); code != exitOK { // it said nothing, and the peer has left
		t.Errorf("exit code %d", code)
	}
}

// TestWarnsBeyondLoopback once, where the traffic can be seen by others.
func TestWarnsBeyondLoopback(t *testing.T) {
	for _, c := range []struct {
		listen string
		warns  int
	}{{":0", 1}, {"0.0.0.0:0", 1}, {"127.0.0.1:0", 0}, {"[::1]:0", 0}} {
		_, _, stderr := runChat("", "--listen", c.listen, "--wait", "1ms")
		if got := strings.Count(stderr, "warning: the traffic is not encrypted yet"); got != c.warns {
			t.Errorf("--listen %s: %d warnings, want %d; stderr %q", c.listen, got, c.warns, stderr)
		}
	}
}

// TestQuestions: the four questions of the tutorial chat, asked again after
// answers that cannot be used; the rest of the input is said.
func TestQuestions(t *testing.T) {
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	busy := regexp.MustCompile(`\d+$`).FindString(taken.LocalAddr().String())

	a := startChat(t, "--listen", "127.0.0.1:0", "--name", "ann")
	target := a.address()
	answers := strings.Join([]string{
		"256.1.1.1", "", // own IP: nonsense, then the default
		"port", "70000", busy, // own port: the last is in use, so both are asked again
		"127.0.0.1", "0",
		"::1", "localhost", // target IP: the wrong family first
		"0", target.String()[len("127.0.0.1:"):],
		"hello", "",
	}, "\n")
	code, _, stderr := runChat(answers, "--name", "bob")
	if code != exitOK {
		t.Fatalf("code %d, stderr\n%s", code, stderr)
	}
	for _, want := range []string{"own IP [127.0.0.1]: ", "own port: ", "target IP [127.0.0.1]: ", "target port: ",
		`"256.1.1.1": `, `"port" is no port`, `"70000" is no port; write a number from 0 to 65535`, "the port is in use",
		"::1 has no IPv4 address", `"0" is no port; write a number from 1 to 65535`} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%q is missing in\n%s", want, stderr)
		}
	}
	if name, text := a.nextLine(); name != "bob" || text != "hello" {
		t.Errorf("got %q of %q", text, name)
	}
	a.endInput()

	code, _, stderr = runChat("127.0.0.1\n")
	if code != exitUsage || !strings.Contains(stderr, "give --listen HOST:PORT and --peer HOST:PORT") {
		t.Errorf("input that ends before the answers: code %d, %q", code, stderr)
	}
}

// TestQuestionsRefuseTheOwnAddress as target.
func TestQuestionsRefuseTheOwnAddress(t *testing.T) {
	own := freeUDP(t)
	port := regexp.MustCompile(`\d+$`).FindString(own.String())
	_, _, stderr := runChat("\n"+port+"\n\n"+port+"\n0.0.0.0\n9\n", "--mode", "raw")
	if !strings.Contains(stderr, own.String()+" is your own address") || !strings.Contains(stderr, "0.0.0.0:9: no host is named") {
		t.Errorf("stderr %q", stderr)
	}
}

func TestOwnName(t *testing.T) {
	name, err := (&chatOptions{}).ownName()
	if err != nil || name == "" || len(name) > chat.MaxName {
		t.Errorf("the default name is %q, %v", name, err)
	}
	if name, _ := (&chatOptions{name: " bob\x07 "}).ownName(); name != "bob" {
		t.Errorf("got %q, want it cleaned", name)
	}
}

func TestUnicodeTerminal(t *testing.T) {
	cases := []struct {
		env  map[string]string
		goos string
		want bool
	}{
		{nil, "linux", false},
		{nil, "windows", true},
		{map[string]string{"LANG": "de_DE.UTF-8"}, "linux", true},
		{map[string]string{"LANG": "C"}, "linux", false},
		{map[string]string{"LANG": "C", "LC_ALL": "C.utf8"}, "linux", true},
		{map[string]string{"LANG": "C.UTF-8", "LC_CTYPE": "POSIX"}, "darwin", false},
	}
	for _, c := range cases {
		lookup := func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }
		if got := unicodeTerminal(lookup, c.goos); got != c.want {
			t.Errorf("%v on %s: %v, want %v", c.env, c.goos, got, c.want)
		}
	}
}

// TestScreenOnlyOnATerminal: both sides must be one, nothing must speak against
// it, and a pipe keeps what is piped in.
func TestScreenOnlyOnATerminal(t *testing.T) {
	cases := []struct {
		stdin, stdout bool
		plain         bool
		term          string
		want          bool
	}{
		{true, true, false, "xterm", true},
		{false, true, false, "xterm", false},
		{true, false, false, "xterm", false},
		{true, true, true, "xterm", false},
		{true, true, false, "dumb", false},
	}
	for _, c := range cases {
		d := chatDeps(strings.NewReader(""), &lockedBuffer{}, &lockedBuffer{})
		d.isTerminal = func(stream any) bool {
			if stream == d.stdin {
				return c.stdin
			}
			return c.stdout
		}
		d.lookupEnv = func(string) (string, bool) { return c.term, true }
		o := chatOptions{plain: c.plain, format: newOutputFormat(formatText, formatJSONL)}
		if got := o.onScreen(d); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
