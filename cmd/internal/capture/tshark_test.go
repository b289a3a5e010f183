package capture

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
)

// What users see: tshark shows the comments, the sides and no bad checksum.
func TestTsharkShowsComments(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no tshark, which this must be tested with: ", err)
		}
		t.Skip("no tshark: ", err)
	}
	var file bytes.Buffer
	c, err := New(&file, Options{Comment: "seed 7", Now: func() time.Time { return epoch }})
	if err != nil {
		t.Fatal(err)
	}
	l := newTapped(c, lossy.Up, lossy.Profile{})
	l.SetScript(script(lossy.Verdict{Drop: lossy.CauseLoss}, lossy.Verdict{Copies: 2, Delay: 43 * time.Millisecond, Corrupt: true, Bit: 5}))
	l.send(0, "lost", lossy.NotECT)
	l.send(time.Millisecond, "kept", lossy.NotECT)
	l.receiveAll()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "f.pcapng")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(tshark, "-r", path, "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-T", "fields",
		"-e", "frame.interface_name", "-e", "frame.comment", "-e", "udp.checksum.status", "-e", "frame.time_relative")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, stderr.String())
	}
	want := strings.Join([]string{
		"up in\tdropped: loss, index 0, flow 0\t1\t0.000000000",
		"up in\tpasses, delay 43 ms, 2 copies, corrupted bit 5, index 1, flow 0\t1\t0.001000000",
		"up out\tdelayed 43 ms, duplicate 1 of 2, corrupted bit 5, index 1, flow 0\t1\t0.044000000",
		"up out\tdelayed 43 ms, duplicate 2 of 2, corrupted bit 5, index 1, flow 0\t1\t0.044000000",
		"",
	}, "\n")
	if string(out) != want {
		t.Errorf("tshark says\n%swant\n%s", out, want)
	}
}
