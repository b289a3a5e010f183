package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"udplab/cmd/internal/chat"
	"udplab/cmd/internal/terminal"
)

// chatLines serves a chat to a pipe, or to a terminal without a screen: lines
// in, lines out.
type chatLines struct {
	session chat.Session
	network *chatNetwork
	mode    chat.Mode
	say     *say
	jsonl   bool
	wait    time.Duration // after the end of the input; 0 = for ever
	now     func() time.Time

	// Written by the goroutine that shows events, told through met and away.
	met  chan struct{} // closed when the peer is there for the first time
	away chan struct{} // an element whenever it left or is gone; capacity 1
}

// chatEnding is why a chat in lines ends.
type chatEnding uint8

const (
	inputOver   chatEnding = iota + 1 // every line of the input was said
	listenedOut                       // there was no input, and the peer left
	nobodyCame                        // there was no input, and no peer in time
	userLeft                          // /quit
	interrupted                       // a signal
)

// run talks until the input, the peer or ctx ends the chat.
func (c *chatLines) run(ctx context.Context, in io.Reader, interactive bool) error {
	c.met, c.away = make(chan struct{}), make(chan struct{}, 1)
	var shown sync.WaitGroup
	shown.Go(c.show)

	input := make(chan inputEnd, 1)
	reading, stop := context.WithCancel(ctx)
	defer stop()
	// Not waited for: a read of stdin cannot be interrupted.
	go func() { input <- c.read(reading, in, interactive) }()

	end, read := c.ending(ctx, input)
	stop()
	err := c.close(ctx, end)
	shown.Wait()
	c.summary()
	return c.verdict(ctx, end, read, err)
}

// inputEnd is what became of the input.
type inputEnd struct {
	said     int
	refused  int // lines that are no messages
	unheeded int // commands that could not be done
	quit     bool
}

// ending waits for a reason to end.
func (c *chatLines) ending(ctx context.Context, input <-chan inputEnd) (chatEnding, inputEnd) {
	select {
	case <-ctx.Done():
		return interrupted, inputEnd{}
	case read := <-input:
		switch {
		case read.quit:
			return userLeft, read
		case read.said+read.refused+read.unheeded > 0:
			return inputOver, read
		}
	}
	// No input: listen. First the peer has to come.
	var late <-chan time.Time
	if c.wait > 0 {
		t := time.NewTimer(c.wait)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-c.met:
	case <-late:
		return nobodyCame, inputEnd{}
	case <-ctx.Done():
		return interrupted, inputEnd{}
	}
	select {
	case <-c.away:
		return listenedOut, inputEnd{}
	case <-ctx.Done():
		return interrupted, inputEnd{}
	}
}

// chatDrain is less than drainLimit: the goodbye takes its time too.
const chatDrain = drainLimit - 500*time.Millisecond

// close ends the session: after the whole input it waits for the peer, until ctx
// ends, and then and after anything else it drains briefly.
func (c *chatLines) close(ctx context.Context, end chatEnding) error {
	closing, cancel := context.WithCancel(context.Background())
	defer cancel()
	switch {
	case end != inputOver:
		defer time.AfterFunc(chatDrain, cancel).Stop()
	case c.wait > 0:
		defer time.AfterFunc(c.wait, cancel).Stop()
	}
	if end == inputOver {
		stop := context.AfterFunc(ctx, func() { time.AfterFunc(chatDrain, cancel) })
		defer stop()
	}
	return c.session.Close(closing)
}

// verdict is the command's result.
func (c *chatLines) verdict(ctx context.Context, end chatEnding, read inputEnd, err error) error {
	var undelivered *chat.UndeliveredError
	switch {
	case ctx.Err() != nil && errors.As(err, &undelivered): // be it that the signal came while it waited
		return fmt.Errorf("%s: %w", notReached(undelivered.Lines), ctx.Err())
	case end == interrupted, end == userLeft && err == nil:
		return nil
	case end == nobodyCame:
		return unreachable(fmt.Errorf("the peer did not come within %v", c.wait), "start it, or wait longer with --wait")
	case errors.As(err, &undelivered) && !undelivered.EverMet:
		return unreachable(fmt.Errorf("the peer did not answer within %v", c.wait), "check its address and mode, or wait longer with --wait")
	case errors.As(err, &undelivered):
		return unreachable(errors.New(notReached(undelivered.Lines)), "it went away; wait longer with --wait")
	case errors.Is(err, chat.ErrUnreachable):
		return unreachable(errors.New("nobody listens at the peer's address"), "start the peer first, or check --peer")
	case err != nil:
		return failure(err, "")
	case read.refused > 0:
		return failure(fmt.Errorf("%d lines of the input were not sent", read.refused), fmt.Sprintf("a message has at most %d bytes", chat.MaxText))
	case read.unheeded > 0:
		return failure(fmt.Errorf("%d /net lines of the input changed nothing", read.unheeded), "write them like /net loss=30% delay=50ms")
	}
	return nil
}

// notReached words how many of the own lines the peer does not have.
func notReached(lines int) string {
	if lines == 1 {
		return "1 line did not reach the peer"
	}
	return fmt.Sprintf("%d lines did not reach the peer", lines)
}

// read says every line of the input.
func (c *chatLines) read(ctx context.Context, in io.Reader, interactive bool) (end inputEnd) {
	r := bufio.NewReaderSize(in, chat.MaxText+2)
	for number := 1; ; number++ {
		line, long, err := readLine(r)
		argument, isNet := netCommand(line)
		isNet = isNet && c.network.commanded()
		switch {
		case err != nil && line == "" && !long:
			return end
		case interactive && strings.TrimSpace(line) == "/quit":
			end.quit = true
			return end
		case isNet && !long:
			if err := c.net(argument); err != nil {
				end.unheeded++
				c.say.warn("line %d: /net: %v", number, err)
			}
		case long:
			end.refused++
			c.say.warn("line %d is longer than %d bytes and was not sent", number, chat.MaxText)
		default:
			if _, is := netCommand(strings.TrimPrefix(line, "/")); is && c.network.commanded() {
				line = line[1:] // a second slash says that it is meant for the peer
			}
			if _, err := c.session.Say(ctx, line); err != nil {
				if ctx.Err() != nil || errors.Is(err, chat.ErrClosed) {
					return end
				}
				end.refused++
				c.say.warn("line %d was not sent: %v", number, err)
				continue
			}
			end.said++
		}
		if err != nil {
			return end
		}
	}
}

// net does what stands behind /net, and tells.
func (c *chatLines) net(argument string) error {
	told, err := c.network.obey(argument)
	if err != nil {
		return err
	}
	for _, line := range told {
		c.say.note("%s", strings.TrimRight("-- "+terminal.Clean(line), " "))
	}
	if !c.jsonl {
		return nil
	}
	return c.say.event(chat.Record{Schema: chat.RecordSchema, Time: c.now(), Event: "network", Network: c.network.record()})
}

// readLine reads a line without its end. Of one that is too long for a message
// it reads all and returns nothing but that.
func readLine(r *bufio.Reader) (line string, long bool, err error) {
	b, err := r.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		long = true
		_, err = r.ReadSlice('\n')
	}
	line = strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if long || len(line) > chat.MaxText {
		return "", true, err
	}
	return line, false, err
}

// show prints events until the session ends.
func (c *chatLines) show() {
	met := false
	for e := range c.session.Events() {
		if !met && comes(&e) {
			met = true
			close(c.met)
		}
		if e.Kind == chat.Peer && (e.Peer == chat.PeerLeft || e.Peer == chat.PeerGone) {
			select {
			case c.away <- struct{}{}:
			default:
			}
		}
		c.print(&e)
	}
}

// comes reports the news that the peer is there.
func comes(e *chat.Event) bool { return e.Kind == chat.Peer && e.Peer == chat.PeerJoined }

// print shows one event: what people said on stdout, what happened to it on
// stderr.
func (c *chatLines) print(e *chat.Event) {
	if c.jsonl {
		if err := c.say.event(e.Record()); err != nil {
			panic("BUG: a record that is no JSON: " + err.Error())
		}
		return
	}
	switch e.Kind {
	case chat.Received, chat.Late, chat.Duplicate, chat.BareText:
		if s := e.Sentence(); s != "" && !(e.Kind == chat.BareText && c.mode == chat.TextMode) {
			c.say.note("-- %s: %s", s, terminal.Clean(e.Text))
		}
		c.say.data("%s\t%s", speaker(e), terminal.Clean(e.Text))
	case chat.Damaged:
		c.say.note("-- %s: %s", e.Sentence(), terminal.Clean(e.Text))
	case chat.Lost, chat.Failed, chat.Peer:
		c.say.note("-- %s", terminal.Clean(e.Sentence()))
	case chat.Acked:
		if e.Retransmits > 0 {
			c.say.note("-- line %d %s", e.ID, e.Sentence())
		}
	}
}

// speaker is who said a line: the name, else the address.
func speaker(e *chat.Event) string {
	if name := strings.TrimSpace(terminal.Clean(e.Name)); name != "" {
		return name
	}
	return e.From
}

func (c *chatLines) summary() {
	counters := c.session.Counters()
	if c.jsonl {
		record := counters.Record(c.now(), c.mode)
		record.Network = c.network.record()
		if err := c.say.event(record); err != nil {
			panic("BUG: a summary that is no JSON: " + err.Error())
		}
		return
	}
	for _, line := range counters.Lines(c.mode) {
		c.say.note("%s", line)
	}
}
