package main

import (
	"slices"
	"testing"
	"time"

	"udplab/bench/rival/workload"
)

// What a command line says is what is read from it.
func TestATrialsCommandLine(t *testing.T) {
	p := planApart(t, "well", nil, "tcp")
	want := trial{workload: p.workloads[0], contender: p.contenders[0], settings: workload.Settings{Packet: 1300, Quick: true}}
	args, err := want.args()
	if err != nil {
		t.Fatal(err)
	}
	got, err := trialOf(args[1:], fakes())
	if err != nil || got.workload.Name != "well" || got.contender.Name != "tcp" || got.settings != want.settings {
		t.Errorf("%v, %+v", err, got)
	}
	if exact, err := trialOf([]string{"bulk", "tcp", "{}"}, workload.All()); err == nil {
		t.Errorf("a family was taken for %s", exact.workload.Name)
	}
	if _, err := trialOf([]string{"well", "tcp", "1300"}, fakes()); err == nil {
		t.Error("settings that are none were taken")
	}
}

// A process whose starter is gone has nobody to measure for.
func TestAPartEndsWithItsStarter(t *testing.T) {
	for _, args := range [][]string{{trialArgument, "hang", "ours", "{}"}, {workload.IdleArgument, "tcp", "1452"}} {
		cmd, err := workload.Itself(t.Context(), args...)
		if err != nil {
			t.Fatal(err)
		}
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_ = in.Close()
		lost := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
		err = cmd.Wait()
		if !lost.Stop() {
			t.Errorf("%q went on: %v", args, err)
		}
		if hung := slices.Contains(args, "hang"); hung != (err != nil) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
