package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"udplab/lossy"
	"udplab/lossy/evidence"
)

// replayFlag is --replay and --replay-after of the commands that impair.
type replayFlag struct {
	file  string
	after string
	stops bool // the command can be stopped by --replay-after
	how   evidence.After

	recording *evidence.Recording
	run       *evidence.Replay
}

const replayHelp = `--replay FILE does what such a log says once more: the datagram of a flow, a
direction and an index meets the fate it met, to the bit, and is delayed, queue
and all, for as long. What comes beyond the log meets the network of the other
flags, or is dropped (--replay-after=drop).`

func (f *replayFlag) addTo(cmd *cobra.Command, afters string, stops bool) {
	f.stops = stops
	cmd.Flags().StringVar(&f.file, "replay", "", "do what this log (of --log) says became of every datagram")
	cmd.Flags().StringVar(&f.after, "replay-after", "pass", "what becomes of datagrams beyond that log: "+afters)
}

// read reads the log, if there is one to be replayed.
func (f *replayFlag) read() error {
	var err error
	if f.how, err = evidence.ParseAfter(f.after); err != nil || f.how == evidence.AfterStop && !f.stops {
		return usageError(fmt.Errorf("--replay-after %q is no way to go on", f.after), "see --replay-after in --help")
	}
	if f.file == "" {
		return nil
	}
	rec, err := readRecording("replay", f.file)
	f.recording = rec
	return err
}

// seed is that of the log, or another if there is none.
func (f *replayFlag) seed(other uint64) uint64 {
	if f.recording == nil {
		return other
	}
	return f.recording.Seed
}

// begin starts the replay, if there is to be one. stop is called when
// --replay-after says so.
func (f *replayFlag) begin(say *say, stop func()) {
	if f.recording == nil {
		return
	}
	rec := f.recording
	say.note("replaying %d decisions on %d flows, of seed %d", rec.Decisions, rec.Flows(), rec.Seed)
	if !rec.Times {
		say.note("the log has no times: datagrams wait in no queue and are marked by none")
	}
	if rec.LeftOut > 0 {
		say.warn("the log lacks %d decisions, which the disk could not keep up with: the network of the flags makes them", rec.LeftOut)
	}
	f.run = rec.Replay(f.how, stop)
}

// of is who decides for a proxy, by its name in the log: "" is the one that the
// log's header describes. Nil is nobody.
func (f *replayFlag) of(proxy string) lossy.Replayer {
	if f.run == nil {
		return nil
	}
	return f.run.ScriptOf(proxy)
}

// close says what was replayed.
func (f *replayFlag) close(say *say) {
	if f.run == nil {
		return
	}
	s := f.run.Stats()
	say.note("replayed %d of %d decisions; %d datagrams came beyond the log", s.Decided, f.recording.Decisions, s.Beyond)
	if s.Missing > 0 {
		say.warn("%d datagrams had no line within the log", s.Missing)
	}
	if s.Resized > 0 {
		say.warn("%d datagrams had another size than in the log: this is not the same traffic", s.Resized)
	}
	f.run = nil
}

// readRecording reads the log that a flag names.
func readRecording(flag, file string) (*evidence.Recording, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, usageError(fmt.Errorf("--%s: %w", flag, err), "give a file that --log wrote")
	}
	defer in.Close()
	rec, err := evidence.Read(in)
	if err == nil {
		return rec, nil
	}
	try := "give a file that --log wrote"
	var line *evidence.LineError
	if errors.As(err, &line) && errors.Is(err, evidence.ErrTruncated) {
		try = fmt.Sprintf("head -n %d keeps the whole lines", line.Line-1)
	}
	return nil, usageError(fmt.Errorf("--%s %s: %w", flag, file, err), try)
}
