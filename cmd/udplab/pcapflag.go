package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/capture"
	"udplab/cmd/internal/units"
	"udplab/lossy"
)

// pcapFlag is --pcap, --pcap-limit and --pcap-snaplen of the commands that
// impair.
type pcapFlag struct {
	file  string
	limit units.Size
	snap  units.Size

	about string // what the file says of itself; empty = the seed and the network

	out     *os.File
	capture *capture.Capture
}

const pcapHelp = `--pcap FILE writes every datagram for Wireshark (pcapng), as it came and as it
went, and those that were dropped, each with a comment on what was decided:
  tshark -r FILE -T fields -e frame.interface_name -e frame.comment`

func (f *pcapFlag) addTo(cmd *cobra.Command) {
	f.limit = units.Size(100 << 20)
	cmd.Flags().StringVar(&f.file, "pcap", "", "write every datagram and what became of it to this file, as pcapng")
	cmd.Flags().Var(&f.limit, "pcap-limit", "size at which that file ends, such as 100MiB; 0 = never")
	cmd.Flags().Var(&f.snap, "pcap-snaplen", "bytes of each payload that are kept there; 0 = all")
}

// open begins the capture, if there is to be one.
func (f *pcapFlag) open(network lossy.Config) error {
	if f.file == "" {
		return nil
	}
	const least = 64 << 10
	if f.limit > 0 && f.limit < least {
		return usageError(fmt.Errorf("--pcap-limit %v would hold nothing", f.limit), "give at least 64KiB, or 0 for no limit")
	}
	if f.snap > 1<<16 {
		return usageError(fmt.Errorf("--pcap-snaplen %v is no part of a datagram", f.snap), "give between 0 and 64KiB")
	}
	var err error
	if f.out, err = os.Create(f.file); err != nil {
		return failure(fmt.Errorf("--pcap: %w", err), "give a file that can be written")
	}
	about := f.about
	if about == "" {
		about = fmt.Sprintf("seed %d; network up: %v; down: %v", network.Seed, network.Up, network.Down)
	}
	f.capture, err = capture.New(f.out, capture.Options{
		Comment: about,
		Limit:   int64(f.limit), SnapLen: int(f.snap),
	})
	if err != nil {
		return failure(fmt.Errorf("--pcap: %w", errors.Join(err, f.out.Close())), "give a file that can be written")
	}
	return nil
}

// tapper is who sees the datagrams of a proxy of that name: the capture, or
// nobody.
func (f *pcapFlag) tapper(name string) lossy.Tapper {
	if f.capture == nil {
		return nil
	}
	return f.capture.Tapper(name)
}

// close ends the capture and says what is in it. The error is that it could not be
// written to its end.
func (f *pcapFlag) close(say *say) error {
	if f.capture == nil {
		return nil
	}
	err := errors.Join(f.capture.Close(), f.out.Close())
	s := f.capture.Stats()
	f.capture = nil
	if err != nil {
		return incomplete("capture", f.file, err)
	}
	switch {
	case s.LeftOut > 0:
		say.warn("the capture %s has %d packets and lacks %d: the disk could not keep up", f.file, s.Packets, s.LeftOut)
	default:
		say.note("%d packets in %s", s.Packets, f.file)
	}
	if s.Beyond > 0 {
		say.warn("%s is full: %d packets are not in it; give more with --pcap-limit", f.file, s.Beyond)
	}
	return nil
}

// failing is why the capture cannot be written any more, nil if it can.
func (f *pcapFlag) failing() error {
	if f.capture == nil || f.capture.Err() == nil {
		return nil
	}
	return incomplete("capture", f.file, f.capture.Err())
}
