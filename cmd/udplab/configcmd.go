package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/configfile"
)

func newConfigCmd(d deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:                        "config",
		Short:                      "Check files of udplab proxy --config, or begin one",
		Long:                       "A file has several proxies in YAML or JSON: udplab config template prints an\nexample, with comments.",
		Args:                       cobra.ArbitraryArgs, // so that RunE words the refusal
		SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return usageError(errors.New("nothing to do given"), "try udplab config check FILE, or udplab config template")
		},
	}
	cmd.AddCommand(newConfigCheckCmd(d), newConfigTemplateCmd(d))
	return cmd
}

func newConfigCheckCmd(d deps) *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE...",
		Short: "Say what is wrong with files of udplab proxy --config",
		Long: `Check reads files of udplab proxy --config and reports all faults that it finds,
a line each with file, line and column on stderr, and for each file without a
fault a line on stdout. It opens no sockets and looks no names up. The exit code
is 2 if there is any fault.`,
		Example: "  udplab config check lab.yaml && kill -HUP $(pidof udplab)",
		Args:    atLeastArguments(1, "say which file"),
		RunE: func(_ *cobra.Command, args []string) error {
			say, bad := newSay(d), 0
			for _, name := range args {
				file, err := loadConfig(name)
				if err != nil {
					bad++
					for _, fault := range faultsOf(err) {
						say.note("%s", cleaned(fault))
					}
					continue
				}
				say.data("%s: ok, %s", name, count(file.Len(), "proxy", "proxies"))
				warnOfFile(say, file)
			}
			if bad > 0 {
				return usageError(fmt.Errorf("%s", count(bad, "file is at fault", "files are at fault")), "")
			}
			return nil
		},
	}
}

// warnOfFile tells what is in a file without a fault and has no effect.
func warnOfFile(say *say, file *configfile.File) {
	specs, err := file.Specs(nil)
	if err != nil {
		return // a file that it names has changed since
	}
	for _, s := range specs {
		for _, w := range s.Warnings() {
			say.warn("%s: proxy %q: %s", file.Document.Name(), s.Name, w)
		}
	}
	warnIdleOptions(say, file)
}

func newConfigTemplateCmd(d deps) *cobra.Command {
	return &cobra.Command{
		Use:     "template",
		Short:   "Print an example of a file, with comments",
		Example: "  udplab config template > lab.yaml",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			newSay(d).data("%s", strings.TrimSuffix(configfile.Template, "\n"))
			return nil
		},
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// faultsOf are the errors that an error of loadConfig has in it.
func faultsOf(err error) []error {
	if faults, ok := errors.AsType[configfile.Faults](err); ok {
		return faults
	}
	return []error{err}
}
