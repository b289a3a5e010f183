package main

import (
	"errors"
	"net"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptCommands are the words that udplab's scripts add to testscript's.
var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"code":     codeCommand,
	"takeport": takePortCommand,
}

// codeCommand runs a program and wants an exact exit code, which `! exec`
// cannot say: `code 2 udplab --nonsense`. stdout and stderr of the program are
// in files named after the streams, for the script's grep and cmp.
func codeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N program [args...]")
	}
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

// takePortCommand holds a port of 127.0.0.1 until the script ends and puts its
// address into a variable: `takeport udp ADDR`.
func takePortCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: takeport udp|tcp VARIABLE")
	}
	var address string
	switch args[0] {
	case "udp":
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		ts.Check(err)
		ts.Defer(func() { c.Close() })
		address = c.LocalAddr().String()
	case "tcp":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		ts.Defer(func() { l.Close() })
		address = l.Addr().String()
	}
	ts.Setenv(args[1], address)
}
