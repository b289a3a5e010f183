package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"udplab/lossy/settings"
	"udplab/lossy/spelling"
)

// flagError rewrites what pflag says about a bad command line into one line
// that names the flag, what is wrong with it and what to try.
func flagError(cmd *cobra.Command, err error) error {
	help := fmt.Sprintf("see %s --help", cmd.CommandPath())
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		// "udplab porxy --loss 5%": the command is what is wrong, although
		// cobra stumbles over the flag first.
		if args := cmd.Flags().Args(); cmd == cmd.Root() && len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		name := "--" + unknown.GetSpecifiedName()
		if group := unknown.GetSpecifiedShortnames(); group != "" {
			name = "-" + unknown.GetSpecifiedName()
		}
		return usageError(fmt.Errorf("unknown flag %s", name), suggestFlag(cmd, unknown.GetSpecifiedName(), help))
	}
	var missing *pflag.ValueRequiredError
	if errors.As(err, &missing) {
		return usageError(fmt.Errorf("flag --%s needs a value", missing.GetFlag().Name), help)
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return usageError(refusedValue("--"+invalid.GetFlag().Name, invalid.GetValue(), err), help)
	}
	return usageError(err, help)
}

// refusedValue says that a flag or a variable has a value that is refused, and
// why, without pflag's words around it. The value is quoted once.
func refusedValue(name, value string, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		err = invalid.Unwrap()
	}
	var syntax *strconv.NumError
	if errors.As(err, &syntax) {
		err = errors.New("not a whole number in range")
	}
	if strings.HasPrefix(err.Error(), strconv.Quote(value)) {
		return fmt.Errorf("%s: %w", name, err)
	}
	return fmt.Errorf("%s %q: %w", name, value, err)
}

// settingFault is why a setting is refused, with the flag for it.
func settingFault(err error) error {
	if field, ok := errors.AsType[*settings.FieldError](err); ok {
		return fmt.Errorf("--%s: %w", strings.ReplaceAll(field.Field, ".", "-"), field.Err)
	}
	return err
}

// unknownCommand is the answer to `udplab porxy`.
func unknownCommand(root *cobra.Command, name string) error {
	try := fmt.Sprintf("see %s --help", root.CommandPath())
	if near := root.SuggestionsFor(name); len(near) > 0 {
		best := near[0]
		if nearest := spelling.Nearest(name, near); nearest != "" {
			best = nearest
		}
		try = fmt.Sprintf("did you mean %s?", best)
	}
	return usageError(fmt.Errorf("unknown command %q", name), try)
}

// noArguments is the Args of every command that takes flags only.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if flag := flagOfValue(cmd, args[0]); flag != "" {
		return usageError(fmt.Errorf("unexpected argument %q", args[0]), fmt.Sprintf("write --%s=%s, for --%s needs no value", flag, args[0], flag))
	}
	return usageError(fmt.Errorf("unexpected argument %q", args[0]),
		fmt.Sprintf("%s takes flags only, see %s --help", cmd.CommandPath(), cmd.CommandPath()))
}

// flagOfValue is the flag that an argument was meant for, if it was given without a
// value and can have that one: pflag reads "--netem-compat on" as a flag and an
// argument.
func flagOfValue(cmd *cobra.Command, value string) (name string) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if name == "" && f.NoOptDefVal != "" && f.Value.Set(value) == nil {
			name = f.Name
		}
	})
	return name
}

// suggestFlag proposes the flag of cmd that is nearest to name, or says
// otherwise when none is near.
func suggestFlag(cmd *cobra.Command, name, otherwise string) string {
	if ours := foreignFlag(cmd, name); ours != "" {
		return fmt.Sprintf("here it is --%s", ours)
	}
	var flags []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
	if near := spelling.Nearest(name, flags); near != "" {
		return fmt.Sprintf("did you mean --%s?", near)
	}
	return otherwise
}
