package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"udplab/cmd/internal/configfile"
	"udplab/cmd/internal/units"
	"udplab/lossy"
	"udplab/lossy/control"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// configFlag is --config of udplab proxy.
type configFlag struct{ name string }

func (f *configFlag) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.name, "config", "", "run the proxies of this file, in YAML or JSON; SIGHUP reads it again")
}

// fileOptions are the flags of udplab proxy that hold for the process, which a
// file may have, too; notInFile those that do and it may not. All others are of a
// single proxy.
var (
	fileOptions = []string{"api", "api-token-file", "api-host", "metrics", "metrics-token-file",
		"log", "log-times", "pcap", "pcap-limit", "pcap-snaplen", "seed", "max-flows", "idle-timeout", "late-limit", "buffer"}
	notInFile = []string{"config", "output"}
)

// loadConfig reads a file and tries its values on flags that nobody uses.
func loadConfig(name string) (*configfile.File, error) {
	scratch := newProxyCmd(deps{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}).Flags()
	return configfile.Load(name, func(option, value string) error {
		if !slices.Contains(fileOptions, option) {
			return settings.ErrUnknownField
		}
		if err := scratch.Set(option, value); err != nil {
			return optionFault(value, err)
		}
		return checkOption(option, value)
	}, fileOptions)
}

// optionFault is why a flag refuses a value, without what pflag says around it.
func optionFault(value string, err error) error {
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		err = invalid.Unwrap()
	}
	if errors.As(err, new(*strconv.NumError)) {
		return fmt.Errorf("%q is not a whole number in range", value)
	}
	return err
}

// checkOption finds what flags find only as the command runs.
func checkOption(name, value string) error {
	switch name {
	case "api", "metrics":
		if name == "api" && value == "off" {
			return nil
		}
		if _, _, err := net.SplitHostPort(value); err != nil {
			return fmt.Errorf("%q: write host:port, such as 127.0.0.1:9000", value)
		}
	case "max-flows":
		if n, err := strconv.Atoi(value); err == nil && (n < 1 || n > proxy.MaxFlowsLimit) {
			return fmt.Errorf("%d: must be between 1 and %d", n, proxy.MaxFlowsLimit)
		}
	case "buffer":
		var size units.Size
		if err := size.Set(value); err == nil && size > proxy.MaxBuffer {
			return fmt.Errorf("%s: must be at most 1GiB", value)
		}
	case "log", "pcap":
		if value == "" {
			return errors.New("want the name of a file")
		}
	}
	return nil
}

// runFile is the command with --config: it ends when the context does.
func (o *proxyOptions) runFile(cmd *cobra.Command, d deps, say *say) error {
	flags := cmd.Flags()
	if err := refuseSingle(flags); err != nil {
		return err
	}
	file, err := loadConfig(o.file.name)
	if err != nil {
		return o.fileFailure(say, err)
	}
	r := &reloader{name: o.file.name, say: say, inForce: file}
	if flags.Changed("seed") {
		r.seed = &o.seed
	}
	for _, option := range file.Options {
		if flags.Changed(option.Name) {
			continue // the command line prevails
		}
		if err := flags.Set(option.Name, option.Value); err != nil {
			return fmt.Errorf("BUG: a value that was tried: %w", err)
		}
	}
	if err := checkOption("max-flows", strconv.Itoa(o.maxFlows)); err != nil {
		return usageError(fmt.Errorf("--max-flows %w", err), "see udplab proxy --help")
	}
	o.apiGiven = flags.Changed("api")
	o.name = "" // no proxy is the first
	o.pcap.about = "proxies of " + o.file.name
	specs, err := r.specs(file)
	if err != nil {
		return o.fileFailure(say, file.Document.Error(err))
	}
	var hangups <-chan os.Signal
	if d.hangups != nil {
		var stop func()
		hangups, stop = d.hangups()
		defer stop()
	}
	return o.serve(cmd.Context(), d, say, lossy.Config{}, func(fleet *control.Fleet, s *proxySession) error {
		r.fleet = fleet
		if err := fleet.Put(specs); err != nil {
			return failure(r.placed(file, err), "")
		}
		s.hangups, s.reload = hangups, r.reload
		return nil
	})
}

// refuseSingle refuses flags of a single proxy, from the command line or the
// environment.
func refuseSingle(flags *pflag.FlagSet) error {
	var first string
	flags.Visit(func(f *pflag.Flag) {
		if first == "" && !slices.Contains(fileOptions, f.Name) && !slices.Contains(notInFile, f.Name) {
			first = f.Name
		}
	})
	if first == "" {
		return nil
	}
	try := "leave it out"
	if key := strings.TrimPrefix(strings.TrimPrefix(first, "up-"), "down-"); configfile.IsProxyKey(key) {
		try = fmt.Sprintf("write %s into the file, below proxies", key)
	}
	return usageError(fmt.Errorf("--config and --%s: the proxies are those of the file", first), try)
}

// fileFailure says every fault of a file.
func (o *proxyOptions) fileFailure(say *say, err error) error {
	faults := faultsOf(err)
	if len(faults) == 1 {
		return usageError(faults[0], "")
	}
	for _, fault := range faults {
		say.note("%s", cleaned(fault))
	}
	return usageError(fmt.Errorf("--config %s: %d faults", o.file.name, len(faults)), "correct them, udplab config check finds them again")
}
