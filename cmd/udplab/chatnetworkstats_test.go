package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"testing"

	"udplab/lossy/control"
)

// A chat tells of its own network what a proxy tells: causes, and what was
// configured against what happened, as a table, a record and metrics.
func TestChatTellsOfItsNetwork(t *testing.T) {
	const lines = 200
	reader := startChat(t, "--mode", "raw", "--text", "--listen", "127.0.0.1:0", "--peer", freeUDP(t).String(),
		"--down-loss-model", "every:4", "--metrics", "127.0.0.1:0")
	url := regexp.MustCompile(`http://\S+`).FindString(reader.waitStderr("metrics http"))
	speaker := startChat(t, "--mode", "raw", "--text", "--listen", "127.0.0.1:0", "--peer", reader.address().String(),
		"--up-loss", "30%", "--seed", "1", "-o", "jsonl")
	for i := range lines {
		speaker.say(fmt.Sprint(i))
	}
	speaker.stdin.Close()
	said := speaker.network()
	if code := speaker.exit(); code != exitOK {
		t.Errorf("exit code %d; stderr\n%s", code, speaker.stderr)
	}
	up := said.Up
	rate := up.Rates["loss"]
	passed := up.PacketsOut
	if up.PacketsIn != lines || up.Dropped["loss"] == 0 || passed+up.Dropped["loss"] != lines {
		t.Errorf("the record has %d in, %d out and %v dropped, want all of %d", up.PacketsIn, passed, up.Dropped, lines)
	}
	if rate.Trials != lines || rate.Events != up.Dropped["loss"] || !(rate.Low <= 0.3 && 0.3 <= rate.High) {
		t.Errorf("the rate of loss is %+v, want 30%% of %d", rate, lines)
	}
	if said.Seed != 1 || said.Up.Settings["loss"] != "30%" || said.Down.Settings["loss"] != "0%" {
		t.Errorf("the record has seed %d, %v and %v", said.Seed, said.Up.Settings, said.Down.Settings)
	}

	// Every fourth of those that come is lost, so three of four are shown.
	for range passed - passed/4 {
		reader.nextLine()
	}
	counters := scrape(t, url)
	for _, want := range []string{
		fmt.Sprintf(`udplab_proxy_received_packets_total{direction="down"} %d`, passed),
		fmt.Sprintf(`udplab_proxy_dropped_packets_total{cause="loss",direction="down"} %d`, passed/4),
		fmt.Sprintf(`udplab_proxy_exposed_packets_total{direction="down",impairment="loss"} %d`, passed),
		`udplab_proxy_configured_ratio{direction="down",impairment="loss"} 0\.2`,
		`udplab_proxy_observed_ratio{direction="down",impairment="loss"} 0\.2`,
	} {
		if !regexp.MustCompile(`(?m)^` + want).MatchString(counters) {
			t.Errorf("%s is missing in\n%s", want, linesWith(counters, `"down"`))
		}
	}
	reader.signals <- os.Interrupt
	reader.exit()
	table := reader.waitStderr("fits\n")
	for _, want := range []string{
		fmt.Sprintf(`own network: 0 of 0 datagrams dropped on the way out, %d of %d on the way in`, passed/4, passed),
		fmt.Sprintf(`\n +by loss +0 +%d\n`, passed/4),
		`\n +down loss +2\S*% +2\S*% +\S+% to \S+% +fits\n`,
	} {
		if !regexp.MustCompile(want).MatchString(table) {
			t.Errorf("%s is missing in\n%s", want, table)
		}
	}
	if regexp.MustCompile(`late p99`).MatchString(table) {
		t.Errorf("the table has a lateness, which nobody measured:\n%s", table)
	}
}

// networkRecord is what a record has of the network.
type networkRecord struct {
	Seed     uint64
	Up, Down struct {
		Settings map[string]any
		control.DirectionReport
	}
}

// network reads records up to one that has a network.
func (c *runningChat) network() networkRecord {
	c.t.Helper()
	var line struct{ Network *networkRecord }
	for line.Network == nil {
		if !c.stdout.Scan() {
			c.t.Fatalf("no record has a network; stderr:\n%s", c.stderr)
		}
		if err := json.Unmarshal(c.stdout.Bytes(), &line); err != nil {
			c.t.Fatalf("%s: %v", c.stdout.Text(), err)
		}
	}
	return *line.Network
}
