package wireshark

import (
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// tshark reads a capture with a dissector and returns what it prints. Without
// tshark the test is skipped, except in CI, which must not lose it unnoticed.
// It fails for anything on standard error: that is where an error of a script
// being loaded goes.
func tshark(t *testing.T, script string, capture []byte, args ...string) []byte {
	t.Helper()
	program, err := exec.LookPath("tshark")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("tshark is not installed, and CI must have it: apt-get install tshark")
		}
		t.Skip("tshark is not installed (Debian package tshark): the dissector is not tested")
	}
	dir := t.TempDir()
	file, plugin := filepath.Join(dir, "capture.pcap"), filepath.Join(dir, "udplab.lua")
	for name, content := range map[string][]byte{file: capture, plugin: []byte(script)} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, append([]string{"-n", "-r", file, "-X", "lua_script:" + plugin}, args...)...)
	// Nobody's preferences, plugins or language.
	cmd.Env = append(os.Environ(), "HOME="+dir, "WIRESHARK_CONFIG_DIR="+dir, "XDG_CONFIG_HOME="+dir, "LC_ALL=C.UTF-8", "TZ=UTC")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	complaints := strings.TrimSpace(strings.ReplaceAll(stderr.String(), `Running as user "root" and group "root". This could be dangerous.`, ""))
	if err != nil || complaints != "" {
		t.Fatalf("tshark %q: %v\n%s", args, err, complaints)
	}
	return stdout.Bytes()
}

// forced makes tshark take everything on the ports of the tests for udplab's,
// whatever it looks like.
var forced = []string{"-d", "udp.port==40001,udplab"}

// columns are fields of every packet of a capture, tab-separated, a line each.
func columns(t *testing.T, script string, capture []byte, fields []string, args ...string) [][]string {
	t.Helper()
	args = append(args, "-T", "fields")
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out := strings.TrimSuffix(string(tshark(t, script, capture, args...)), "\n")
	var rows [][]string
	for line := range strings.SplitSeq(out, "\n") {
		row := strings.Split(line, "\t")
		if len(row) != len(fields) {
			t.Fatalf("%d columns for %d fields: %q", len(row), len(fields), line)
		}
		rows = append(rows, row)
	}
	return rows
}

// A vector is a datagram of proto/testdata/vectors with the answer it must get
// (SPEC 11).
type vector struct {
	name, expect, meaning string
	bytes                 []byte
}

// vectors reads them all, in the order of their names.
func vectors(t *testing.T) []vector {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "vectors", "*.txt"))
	if err != nil || len(files) < 200 {
		t.Fatalf("%d vectors found: %v", len(files), err)
	}
	all := make([]vector, len(files))
	for i, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head, body, _ := strings.Cut(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n\n")
		for line := range strings.SplitSeq(head, "\n") {
			switch key, value, _ := strings.Cut(line, ": "); key {
			case "name":
				all[i].name = value
			case "expect":
				all[i].expect = value
			case "meaning":
				all[i].meaning = value
			}
		}
		all[i].bytes = unhex(t, body)
	}
	return all
}

// unhex reads the bytes of a vector: hex, and "00*1085" for many.
func unhex(t *testing.T, text string) (b []byte) {
	t.Helper()
	for word := range strings.FieldsSeq(text) {
		digits, count, repeated := strings.Cut(word, "*")
		part, err := hex.DecodeString(digits)
		n := 1
		if repeated && err == nil {
			n, err = strconv.Atoi(count)
		}
		if err != nil {
			t.Fatalf("bad hex %q: %v", word, err)
		}
		b = append(b, bytes.Repeat(part, n)...)
	}
	return b
}
