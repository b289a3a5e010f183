package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"udplab/cmd/internal/apiclient"
	"udplab/cmd/internal/units"
	"udplab/lossy/control"
)

const ctlLong = `Ctl asks and changes proxies that run, over their HTTP API. Its verbs are those
of toxiproxy-cli, and it can talk to a toxiproxy as well; flags may stand before
or behind arguments.

Where the API is says --api, or UDPLAB_API, or TOXIPROXY_URL, in this order;
-H and --host are the same flag (toxiproxy-cli's -h, which is help here). An API
with a token takes it from --token-file, UDPLAB_API_TOKEN or the file that
UDPLAB_API_TOKEN_FILE names.

PROXY may be left out where there is only one. Settings are written NAME=VALUE in
the words of the flags of udplab proxy: loss=5%, up-delay=40ms, enabled=false.

On a terminal, tables have headings; into a pipe they are plain, with tabs
between columns. -o json prints one object.

Exit codes: 0 done; 1 the API refused; 2 usage; 4 no API answered.`

const ctlExample = `  udplab ctl list
  udplab ctl set loss=20% down-delay=80ms
  udplab ctl create -l 127.0.0.1:9100 -u 127.0.0.1:53 dns loss=5%
  udplab ctl toxic add -t latency -a latency=100 dns
  udplab ctl blackout 3s
  udplab ctl watch`

// ctlCommand is what all verbs of udplab ctl share.
type ctlCommand struct {
	d         deps
	api       string
	tokenFile string
	timeout   units.Duration
}

func newCtlCmd(d deps) *cobra.Command {
	c := &ctlCommand{d: d, timeout: units.Duration(apiclient.DefaultTimeout)}
	cmd := &cobra.Command{
		Use:                        "ctl",
		Short:                      "Ask and change proxies that run",
		Long:                       ctlLong,
		Example:                    ctlExample,
		Args:                       cobra.ArbitraryArgs, // so that RunE words the refusal
		SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return usageError(errors.New("nothing to do given"), "try udplab ctl list, or udplab ctl --help")
		},
	}
	f := cmd.PersistentFlags()
	f.StringVarP(&c.api, "api", "H", control.DefaultAddr, "where the API is: host:port, or a URL; also --host")
	f.StringVar(&c.tokenFile, "token-file", "", "file with the API's token; - = standard input")
	f.Var(&c.timeout, "timeout", "how long an answer may take")
	cmd.SetGlobalNormalizationFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "host" {
			name = "api"
		}
		return pflag.NormalizedName(name)
	})
	cmd.AddCommand(
		newCtlListCmd(c), newCtlInspectCmd(c), newCtlCreateCmd(c), newCtlToggleCmd(c), newCtlDeleteCmd(c),
		newCtlGetCmd(c), newCtlSetCmd(c), newCtlPresetCmd(c), newCtlToxicCmd(c),
		newCtlResetCmd(c), newCtlPopulateCmd(c), newCtlScenarioCmd(c), newCtlRebindCmd(c), newCtlBlackoutCmd(c),
		newCtlStatsCmd(c), newCtlFlowsCmd(c), newCtlWatchCmd(c), newCtlEventsCmd(c),
	)
	return cmd
}

// ctlSession is one verb at work.
type ctlSession struct {
	*ctlCommand
	say    *say
	client *apiclient.Client
	table  tableStyle
}

// session finds out whom to ask. cmd is the verb.
func (c *ctlCommand) session(cmd *cobra.Command) (*ctlSession, error) {
	address := c.api
	if toxiproxy, _ := c.d.lookupEnv("TOXIPROXY_URL"); toxiproxy != "" && !cmd.Flags().Changed("api") {
		address = toxiproxy
	}
	if address == "off" {
		return nil, usageError(errors.New("--api off"), "say where the API of the proxy is, host:port")
	}
	token, err := c.token()
	if err != nil {
		return nil, err
	}
	client, err := apiclient.New(address, token, time.Duration(c.timeout))
	if err != nil {
		return nil, usageError(fmt.Errorf("--api: %w", err), "write host:port, such as 127.0.0.1:8474, or a URL")
	}
	return &ctlSession{ctlCommand: c, say: newSay(c.d), client: client, table: newTableStyle(c.d)}, nil
}

// maxToken bounds the file of a token.
const maxToken = 4 << 10

func (c *ctlCommand) token() (string, error) {
	file := c.tokenFile
	if file == "" {
		if token, _ := c.d.lookupEnv(envAPIToken); token != "" {
			return strings.TrimSpace(token), nil
		}
		if file, _ = c.d.lookupEnv(envAPIToken + "_FILE"); file == "" { // as udplab proxy has it
			return "", nil
		}
	}
	in := c.d.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", failure(fmt.Errorf("--token-file: %w", err), "")
		}
		defer f.Close()
		in = f
	}
	b, err := readAtMost(in, maxToken)
	if err != nil {
		return "", failure(fmt.Errorf("--token-file %s: %w", file, err), "")
	}
	token := strings.TrimSpace(string(b))
	if token == "" {
		return "", usageError(fmt.Errorf("--token-file %s: nothing in it", file), "")
	}
	return token, nil
}

// verb runs a verb in a session. It is the RunE of every verb.
func (c *ctlCommand) verb(run func(ctx context.Context, s *ctlSession, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		s, err := c.session(cmd)
		if err != nil {
			return err
		}
		defer s.client.Close()
		return s.explain(run(cmd.Context(), s, args))
	}
}

// explain gives what the client says an exit code and what to try.
func (s *ctlSession) explain(err error) error {
	var own *exitError
	var refused *apiclient.Error
	var unreachable_ *apiclient.UnreachableError
	switch {
	case errors.As(err, &own):
		return err
	case errors.As(err, &unreachable_):
		return unreachable(fmt.Errorf("no API at %s: %w", s.client.URL(), unreachable_.Err),
			"is the proxy running, and is that its --api?")
	case !errors.As(err, &refused):
		return err
	}
	try := ""
	switch refused.Status {
	case http.StatusUnauthorized:
		try = "give the API's token with UDPLAB_API_TOKEN or --token-file"
	case http.StatusForbidden:
		try = "is the token the right one?"
	}
	return failure(err, try)
}

// ask makes a request with a body of JSON, nil for none, and reads the answer
// into into, unless that is nil.
func (s *ctlSession) ask(ctx context.Context, method, path string, body, into any) (json.RawMessage, error) {
	var b []byte
	if body != nil {
		var err error
		if b, err = marshal(body); err != nil {
			return nil, err
		}
	}
	answer, err := s.client.Do(ctx, method, path, b)
	if err != nil || into == nil {
		return answer, err
	}
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber() // so that a number is shown as it came
	if err := d.Decode(into); err != nil {
		return nil, &apiclient.UnreachableError{URL: s.client.URL(), Err: fmt.Errorf("%s %s answers in another form than a proxy's API", method, path)}
	}
	return answer, nil
}

// empty is the body of a POST that says nothing more.
type empty struct{}
