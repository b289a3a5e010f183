package main

import (
	"strings"
	"testing"

	"udplab/proto/wireshark"
)

// The dissector goes to a file by a redirection, so it has to be all of stdout,
// byte for byte.
func TestWiresharkPrintsTheDissector(t *testing.T) {
	d, stdout, stderr := testDeps(false, 80, nil)
	if code := run(t.Context(), []string{"wireshark"}, d); code != 0 || stderr.Len() > 0 {
		t.Fatalf("code %d, stderr %q", code, stderr)
	}
	if stdout.String() != wireshark.Dissector {
		t.Errorf("stdout has %d bytes and is not the %d of the dissector", stdout.Len(), len(wireshark.Dissector))
	}
}

func TestWiresharkHelpSaysWhereItGoes(t *testing.T) {
	d, stdout, _ := testDeps(false, 80, nil)
	if code := run(t.Context(), []string{"wireshark", "--help"}, d); code != 0 {
		t.Fatalf("code %d", code)
	}
	for _, want := range []string{"Personal Lua Plugins", `%APPDATA%\Wireshark\plugins`, "udplab wireshark > ~/.local/lib/wireshark/plugins/udplab.lua"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("the help does not say %q", want)
		}
	}
}

func TestWiresharkTakesNoFile(t *testing.T) {
	d, stdout, stderr := testDeps(false, 80, nil)
	if code := run(t.Context(), []string{"wireshark", "udplab.lua"}, d); code != 2 || stdout.Len() > 0 || !strings.Contains(stderr.String(), `unexpected argument "udplab.lua"`) {
		t.Errorf("code %d, %d bytes on stdout, stderr %q", code, stdout.Len(), stderr)
	}
}
