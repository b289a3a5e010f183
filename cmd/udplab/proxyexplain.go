package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/netflags"
	"udplab/cmd/internal/units"
	"udplab/lossy/netem"
)

const proxyExplainLong = `Explain reads a line of arguments as tc has it for Linux's netem and says what
netem really does with it: what share is lost, in what bursts, what delays come
out, what share of the datagrams arrives behind one sent later, what the limit
drops. Rates are computed from the law of netem's generator; delays, order and
tail drop are those of a replay in virtual time, of datagrams at even distances,
--pps of them a second and of --size bytes.

Then it gives the flags of udplab proxy that do what the words of the line say,
and those that do what netem does. netem acts on what one side sends: --direction
says which way the flags are for.

-o json prints one object (udplab/netem-explanation/v1).`

const proxyExplainExample = `  udplab proxy explain "loss 5% 25% delay 40ms 10ms distribution pareto"
  udplab proxy explain --pps 8333 tc qdisc add dev eth0 root netem delay 10ms 1ms`

// proxyExplainOptions is what the flags of `udplab proxy explain` say.
type proxyExplainOptions struct {
	traffic   netem.Traffic
	size      units.Size
	direction string
	format    *outputFormat
}

func newProxyExplainCmd(d deps) *cobra.Command {
	o := &proxyExplainOptions{size: netem.DefaultSize, format: newOutputFormat(formatText, formatJSON)}
	cmd := &cobra.Command{
		Use:     "explain LINE",
		Short:   "Say what a line of netem arguments really does",
		Long:    proxyExplainLong,
		Example: proxyExplainExample,
		Args:    cobra.ArbitraryArgs, // so that RunE words the refusal
		RunE:    func(_ *cobra.Command, args []string) error { return o.run(newSay(d), strings.Join(args, " ")) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.Float64Var(&o.traffic.PPS, "pps", netem.DefaultPPS, "datagrams a second")
	f.Var(&o.size, "size", "size of a datagram's payload, which counts where there is a rate")
	f.StringVar(&o.direction, "direction", string(netem.Both), "what the flags are for: both, up or down")
	o.format.addTo(cmd)
	complete := cobra.FixedCompletions([]string{string(netem.Both), string(netem.Up), string(netem.Down)}, cobra.ShellCompDirectiveNoFileComp)
	if err := cmd.RegisterFlagCompletionFunc("direction", complete); err != nil {
		panic("BUG: " + err.Error()) // the flag was added above
	}
	return cmd
}

// explanation is what -o json prints.
type explanation struct {
	Schema string `json:"schema"` // udplab/netem-explanation/v1
	netem.Report
}

func (o *proxyExplainOptions) run(say *say, line string) error {
	if strings.TrimSpace(line) == "" {
		return usageError(errors.New("no line given"), `write it like udplab proxy explain "loss 5% 25% delay 40ms 10ms"`)
	}
	direction, err := netem.ParseDirection(o.direction)
	if err != nil {
		return usageError(fmt.Errorf("--direction %w", err), "see udplab proxy explain --help")
	}
	n, err := netem.Parse(line)
	if err != nil {
		return usageError(fmt.Errorf("netem, %w", err), "man tc-netem has the grammar")
	}
	if o.traffic.PPS == 0 || o.size == 0 {
		return usageError(errors.New("--pps and --size must be more than 0"), "see udplab proxy explain --help")
	}
	o.traffic.Size = int(min(o.size, netem.MaxSize+1))
	r, err := netem.Explain(n, o.traffic, direction, netflags.ReadFile)
	if err != nil {
		return usageError(fmt.Errorf("--%w", err), "see udplab proxy explain --help")
	}
	if o.format.is(formatJSON) {
		return say.object(explanation{"udplab/netem-explanation/v1", r})
	}
	say.data("%s", explanationText(&r, o.direction))
	return nil
}
