package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/chat"
	"udplab/cmd/internal/chatui"
	"udplab/cmd/internal/netflags"
	"udplab/cmd/internal/terminal"
	"udplab/cmd/internal/units"
	"udplab/lossy"
	"udplab/metrics"
)

const chatLong = `Chat with one peer over UDP. Both sides listen on an address of their own and
send to the other's; they may start in any order, leave and come back.

--mode reliable delivers every line once and in order, and says of each of your
lines whether the peer has it and how often it had to be sent again. --mode raw
is plain UDP: nothing is repaired, and the chat says what was lost, late,
doubled or damaged. --mode raw --text speaks bare text and so talks with the
tutorial chat of the Python lessons, and with netcat.

--listen :9001 is every address of this machine, to be reached from others. (Of
udplab proxy it is 127.0.0.1 alone.)

Started with no address it asks for your IP and port and the target's, as the
tutorial chat does. On a terminal it draws a screen; /help there lists the
commands. Otherwise each line of stdin is a message and each message a line of
stdout, NAME<TAB>TEXT, or with -o jsonl an event (udplab/chat-event/v1). At the
end of stdin it waits until the peer has every line, at most --wait, and leaves;
code 4 says that the peer does not have them. With no line said it listens until
the peer leaves.

Through udplab proxy: give --peer to one side only, the proxy's address, or send
each side through a proxy of its own. Otherwise the other side calls directly.

--loss, --delay and the other settings of udplab proxy put a bad network in front
of this chat's own socket, up for what it sends, down for what comes in, so that
two terminals are enough to feel one. --log writes what became of every
datagram, and --replay does what such a log says once more. What the network
did, and whether that fits what was asked, is told at the end.

While you chat, a line of the form
  /net up-loss=30% delay=50ms loss-model="list:3 7"
changes it, with the settings of the flags, or preset=NAME; /net none ends all of
them, and /net alone shows what holds and what was done. Piped in, such a line is
a command if the chat was started with a network, be it --loss 0%, and text like
any other if not; //net is text always.

Of the flags of udplab proxy those are missing here that have nothing to act on:
--nat-timeout and --rebind-every change the port of a proxy's socket towards the
service, where a chat has one socket, which its peer knows; --flow, --max-flows
and --idle-timeout are about many clients, and there is one peer; --late-limit
judges a timer that a chat does without, its datagrams being about a millisecond
late. --ecn is there and does nothing, which is told: this network sees no ECN
marks, so codel and red drop what a proxy would mark. --scenario, --config and --api need a proxy that runs by itself: put one in
between for these.

` + netflags.Help + `

` + netflags.NetemHelp + `

The traffic is not encrypted yet.`

const chatExample = `  udplab chat --listen 127.0.0.1:9001 --peer 127.0.0.1:9002 --name ann
  udplab chat --listen 127.0.0.1:9002 --peer 127.0.0.1:9001 --name bob
  udplab chat --listen :9001 --peer 192.168.1.7:9001 --mode raw --text
  udplab chat --listen 127.0.0.1:9001 --peer 127.0.0.1:9002 --loss 20% --delay 100ms
  echo hello | udplab chat --peer 127.0.0.1:9002`

// chatOptions is what the flags of `udplab chat` say.
type chatOptions struct {
	listen  string
	peer    string
	mode    string
	text    bool
	name    string
	wait    units.Duration
	plain   bool
	ascii   bool
	network chatNetwork
	metrics metricsFlag
	format  *outputFormat

	modeGiven bool
	bad       lossy.Config // what the flags of network say
}

func newChatCmd(d deps) *cobra.Command {
	o := &chatOptions{wait: units.Duration(10 * time.Second), format: newOutputFormat(formatText, formatJSONL)}
	cmd := &cobra.Command{
		Use:     "chat --listen HOST:PORT --peer HOST:PORT",
		Short:   "Chat with a peer, over plain UDP or reliably",
		Long:    chatLong,
		Example: chatExample,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.modeGiven = cmd.Flags().Changed("mode")
			var err error
			if o.bad, err = o.network.config(cmd); err != nil {
				return err
			}
			return o.run(cmd.Context(), d, newSay(d))
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.listen, "listen", "", "own address, host:port; no host = every address of this machine; port 0 = choose (default: a loopback port if the peer is on this machine)")
	f.StringVar(&o.peer, "peer", "", "the peer's address, host:port; reliable mode can do without and waits to be called")
	f.StringVar(&o.mode, "mode", "reliable", "raw or reliable")
	f.BoolVar(&o.text, "text", false, "raw mode in bare text, for the tutorial chat")
	f.StringVar(&o.name, "name", "", "your name (default: user@host)")
	f.Var(&o.wait, "wait", "how long to wait for the peer at the end of piped input; 0 = for ever")
	f.BoolVar(&o.plain, "plain", false, "lines instead of a screen, also on a terminal")
	f.BoolVar(&o.ascii, "ascii", false, "no signs beyond ASCII on the screen")
	o.network.addTo(cmd)
	o.metrics.addTo(cmd)
	o.format.addTo(cmd)
	complete := cobra.FixedCompletions([]string{"raw", "reliable"}, cobra.ShellCompDirectiveNoFileComp)
	if err := cmd.RegisterFlagCompletionFunc("mode", complete); err != nil {
		panic("BUG: " + err.Error()) // the flag was added above
	}
	return cmd
}

// chatMode checks the flags about the transport.
func (o *chatOptions) chatMode() (chat.Mode, error) {
	switch {
	case o.text && o.modeGiven && o.mode != "raw":
		return 0, usageError(fmt.Errorf("--text and --mode %s: bare text has nothing that could be made reliable", o.mode), "use --mode raw --text")
	case o.text:
		return chat.TextMode, nil
	case o.mode == "raw":
		return chat.RawMode, nil
	case o.mode == "reliable":
		return chat.ReliableMode, nil
	}
	return 0, usageError(fmt.Errorf("--mode %q", o.mode), "use raw or reliable")
}

// ownName is --name, or user@host cut to what a name can have.
func (o *chatOptions) ownName() (string, error) {
	if o.name != "" {
		clean := strings.TrimSpace(terminal.Clean(o.name))
		if clean == "" || len(clean) > chat.MaxName {
			return "", usageError(fmt.Errorf("--name %q", o.name), fmt.Sprintf("give a name of 1 to %d bytes", chat.MaxName))
		}
		return clean, nil
	}
	name := "me"
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username[strings.LastIndexByte(u.Username, '\\')+1:] // Windows: DOMAIN\user
		if host, err := os.Hostname(); err == nil {
			name += "@" + host
		}
	}
	name = terminal.Clean(name)
	return strings.ToValidUTF8(name[:min(len(name), chat.MaxName)], ""), nil
}

// run is the command: it ends when the user leaves, the input does, or ctx.
func (o *chatOptions) run(ctx context.Context, d deps, say *say) error {
	mode, err := o.chatMode()
	if err != nil {
		return err
	}
	name, err := o.ownName()
	if err != nil {
		return err
	}
	ends, err := o.addresses(ctx, d, say, mode)
	if err != nil {
		return err
	}
	impaired, err := o.network.impair(say, o.bad, ends.socket, d.isTerminal(d.stdin))
	if err != nil {
		_ = ends.socket.Close()
		return err
	}
	ends.socket = impaired
	defer o.network.close(say, o.format.is(formatJSONL)) // after the session has closed the socket
	rawStats, reliableStats := metrics.NewRaw(), metrics.NewReliable()
	stopMetrics, err := o.metrics.serve(say, append(o.network.collectors(), rawStats, reliableStats)...)
	if err != nil {
		_ = ends.socket.Close()
		return err
	}
	defer stopMetrics()
	session, err := chat.Open(chat.Config{
		Mode: mode, Name: name, Socket: ends.socket, Peer: ends.peer,
		Watch: chat.Watch{Raw: rawStats.AddConn, Conn: reliableStats.AddConn, Endpoint: reliableStats.AddEndpoint},
	})
	if err != nil {
		_ = ends.socket.Close()
		return failure(err, "")
	}
	o.announce(say, mode, session.LocalAddr(), ends)
	if o.onScreen(d) {
		return o.screen(ctx, d, say, session, mode, name)
	}
	c := &chatLines{session: session, network: &o.network, mode: mode, say: say, jsonl: o.format.is(formatJSONL), wait: time.Duration(o.wait), now: d.now}
	return c.run(ctx, d.stdin, d.isTerminal(d.stdin))
}

// announce says where the chat is, and warns where others can listen in.
func (o *chatOptions) announce(say *say, mode chat.Mode, local net.Addr, ends chatEnds) {
	to := "the peer " + ends.peer.String()
	if !ends.peer.IsValid() {
		to = "whoever calls"
	}
	say.note("listening on %s, %s mode, talking with %s", local, o.modeName(mode), to)
	if udp, ok := local.(*net.UDPAddr); ok && !udp.IP.IsLoopback() {
		say.warn("the traffic is not encrypted yet: whoever is on its way can read and forge it")
	}
}

func (o *chatOptions) modeName(mode chat.Mode) string {
	return map[chat.Mode]string{chat.RawMode: "raw", chat.TextMode: "raw text", chat.ReliableMode: "reliable"}[mode]
}

// onScreen decides between the screen and lines. A screen needs a terminal on
// both sides: the library below would otherwise open the terminal itself and
// leave what is piped in unread.
func (o *chatOptions) onScreen(d deps) bool {
	name, _ := d.lookupEnv("TERM")
	return !o.plain && o.format.is(formatText) && name != "dumb" && d.isTerminal(d.stdin) && d.isTerminal(d.stdout)
}

func (o *chatOptions) screen(ctx context.Context, d deps, say *say, session chat.Session, mode chat.Mode, name string) error {
	err := chatui.Run(ctx, session, chatui.Options{
		Mode: mode, Name: name,
		ASCII:  o.ascii || !unicodeTerminal(d.lookupEnv, runtime.GOOS),
		Colour: terminal.Colour(true, d.lookupEnv),
		Net:    o.network.answer,
	}, chatui.Terminal{In: d.stdin, Out: d.stdout})
	counters := session.Counters()
	for _, line := range counters.Lines(mode) {
		say.note("%s", line)
	}
	var undelivered *chat.UndeliveredError
	switch {
	case errors.As(err, &undelivered):
		say.warn("%s", notReached(undelivered.Lines))
		return nil // the user saw it, and chose to leave
	case errors.Is(err, chat.ErrUnreachable):
		return nil
	case err != nil:
		return failure(fmt.Errorf("the screen: %w", err), "try --plain")
	}
	return nil
}

// unicodeTerminal reports whether the locale shows more than ASCII. Windows has
// no locale variables, and its terminals do.
func unicodeTerminal(lookupEnv func(string) (string, bool), goos string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v, _ := lookupEnv(name); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return goos == "windows"
}
