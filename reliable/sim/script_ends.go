package sim

import (
	"fmt"
	"strconv"
	"strings"

	"udplab/proto"
	"udplab/reliable/arq"
)

// The commands of a script that are about the ends of connections.

func (s *Script) dial(args []string) error {
	a, b, err := s.two(args)
	if err == nil {
		a.Dial(b)
	}
	return err
}

func (s *Script) send(args []string) error {
	e, err := s.end(args[0])
	if err != nil {
		return err
	}
	var sizes []int
	var o arq.SendOptions
	for _, word := range args[1:] {
		size := 0
		switch name, _, _ := strings.Cut(word, "="); name {
		case "channel":
			o.Channel, err = channelOption(word)
		case "mode":
			o.Mode, err = modeOption(word)
		case "lifetime":
			err = option(word, &o.Lifetime, nil)
		default:
			size, err = strconv.Atoi(word)
			sizes = append(sizes, size)
		}
		if err != nil {
			return err
		}
	}
	e.QueueOn(o, sizes...)
	return nil
}

func channelOption(word string) (uint8, error) {
	_, value, _ := strings.Cut(word, "=")
	n, err := strconv.ParseUint(value, 10, 8)
	return uint8(n), err
}

func modeOption(word string) (proto.Mode, error) {
	_, value, _ := strings.Cut(word, "=")
	for m := proto.ModeOrdered; m <= proto.ModeDeadline; m++ {
		if m.String() == value {
			return m, nil
		}
	}
	return 0, fmt.Errorf("no mode %q", value)
}

func (s *Script) read(args []string) error {
	e, err := s.end(args[0])
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(args[1])
	if err != nil || len(args) == 2 {
		e.Read(n)
		return err
	}
	channel, err := channelOption(args[2])
	if err == nil {
		e.ReadOn(channel, n)
	}
	return err
}

// lane sets how urgent a channel is.
func (s *Script) lane(args []string) error {
	e, err := s.end(args[0])
	if err != nil {
		return err
	}
	channel, err := channelOption("channel=" + args[1])
	priority, weight := 0, 0
	for _, word := range args[2:] {
		if err != nil {
			break
		}
		switch name, _, _ := strings.Cut(word, "="); name {
		case "priority":
			err = option(word, nil, &priority)
		case "weight":
			err = option(word, nil, &weight)
		default:
			err = fmt.Errorf("unknown option %q", word)
		}
	}
	if err == nil {
		e.SetLane(channel, arq.Lane{Priority: int8(priority), Weight: uint8(weight)})
	}
	return err
}

// finishSending half-closes a node's newest connection.
func (s *Script) finishSending(args []string) error {
	e, err := s.end(args[0])
	if err == nil {
		e.Finish()
	}
	return err
}

func (s *Script) close(args []string) error { return s.finish(args, (*End).Close) }
func (s *Script) abort(args []string) error { return s.finish(args, (*End).Abort) }

func (s *Script) finish(args []string, how func(*End, uint32, string)) error {
	e, err := s.end(args[0])
	if err != nil {
		return err
	}
	code, err := strconv.ParseUint(args[1], 10, 32)
	if err != nil {
		return err
	}
	how(e, uint32(code), strings.Join(args[2:], " "))
	return nil
}
