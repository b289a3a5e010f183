package toxiproxy

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/cli.txt anew")

// commandLine builds toxiproxy's own command line.
func commandLine(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "toxiproxy-cli.exe")
	out, err := exec.Command("go", "build", "-o", path, "github.com/Shopify/toxiproxy/v2/cmd/cli").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// What toxiproxy's command line does with a proxy of udplab, word for word.
func TestCommandLine(t *testing.T) {
	_, fleet, url := serve(t)
	program, service := commandLine(t), echo(t)
	var transcript bytes.Buffer
	run := func(line string) {
		args := strings.Fields(strings.ReplaceAll(line, "$SERVICE", service))
		var said bytes.Buffer
		cmd := exec.Command(program, args...)
		cmd.Env = append(os.Environ(), "TOXIPROXY_URL="+url)
		cmd.Stdout, cmd.Stderr = &said, &said
		err := cmd.Run()
		failed, is := errors.AsType[*exec.ExitError](err)
		if err != nil && !is {
			t.Fatal(err)
		}
		fmt.Fprintf(&transcript, "$ toxiproxy-cli %s\n", line)
		text := strings.ReplaceAll(said.String(), service, "$SERVICE")
		if p := fleet.Proxy("dns"); p != nil {
			text = strings.ReplaceAll(text, p.Addr().String(), "$LISTEN")
		}
		if text = strings.TrimSpace(text); text != "" {
			transcript.WriteString(text + "\n")
		}
		if is {
			fmt.Fprintf(&transcript, "(exit %d)\n", failed.ExitCode())
		}
		transcript.WriteString("\n")
	}
	for _, line := range []string{
		"list",
		"create -l 127.0.0.1:0 -u $SERVICE dns",
		"create -l 127.0.0.1:0 -u $SERVICE dns",
		"list",
		"toxic add -t latency -a latency=20 -a jitter=5 dns",
		"toxic add -t packet_loss -n flaky -tox 0.5 -a loss_rate=0.1 -a correlation=0.25 -u dns",
		"toxic add -t mtu -n short -a mtu=1200 dns",
		// Its inspect knows numbers only, and panics at text, so this does not stay.
		"toxic add -t bottleneck -n link -a rate=1mbit -a queue=50ms -a ecn=true dns",
		"toxic remove -n link dns",
		"inspect dns",
		"list",
		"toxic update -n latency_downstream -a jitter=0 dns",
		"toxic update -n flaky -tox 1 -a loss_rate=0.2 dns",
		"inspect dns",
		"toggle dns",
		"toggle dns",
	} {
		run(line)
	}
	dial(t, fleet.Proxy("dns").Addr().String()).askUntil("hello") // one in five is lost
	for _, line := range []string{
		// What is refused, and what it says.
		"toxic add -t latency -n late -a latancy=5 dns",
		"toxic add -t delay -n late -a delay=5ms dns",
		"toxic add -t slicer -a average_size=64 dns",
		"toxic add -t timeout -a timeout=5000 dns",
		"toxic update -n nothing -a jitter=1 dns",
		"toxic remove -n latency_downstream dns",
		"toxic remove -n latency_downstream dns",
		"inspect dns",
		"delete dns",
		"inspect dns",
		"list",
	} {
		run(line)
	}
	const golden = "testdata/cli.txt"
	if *update {
		if err := os.WriteFile(golden, transcript.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if transcript.String() != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("the transcript is not that of %s (-update writes it anew):\n%s", golden, transcript.String())
	}
}
