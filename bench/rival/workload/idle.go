package workload

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"time"

	"udplab/bench/rival/contender"
)

var idleMetrics = []Metric{
	{Key: "server_heap_bytes", Title: "heap B, server"},
	{Key: "client_heap_bytes", Title: "heap B, client"},
	{Key: "server_stack_bytes", Title: "stack B, server"},
	{Key: "client_stack_bytes", Title: "stack B, client"},
	{Key: "server_goroutines", Title: "goroutines, server", Digits: 2},
	{Key: "client_goroutines", Title: "goroutines, client", Digits: 2},
	{Key: "server_cpu_percent", Title: "CPU % of all, server", Digits: 2},
	{Key: "client_cpu_percent", Title: "CPU % of all, client", Digits: 2},
}

// IdleArgument begins the command line of a process that is one side of idle
// connections: whoever runs workloads calls IdleSide when it finds it.
const IdleArgument = "idle-side"

// idles are 1,000 connections (100 of a quick run) that have carried one message each way and
// nothing since. Each side is a process of its own, so that what it holds and
// uses is told apart.
func idles() Workload {
	return Workload{
		Name: "idle", Rows: []string{"idle"}, Metrics: idleMetrics, Main: "server_heap_bytes", Takes: notRaw,
		Run: one("idle", 60*time.Second, runIdle),
	}
}

// order is what a side is told, a line of JSON.
type order struct {
	Do   string         `json:"do"` // listen, dial or measure
	To   netip.AddrPort `json:"to"`
	N    int            `json:"n"`
	Wait time.Duration  `json:"wait"` // how long CPU is measured
}

// reply is what a side answers, a line of JSON.
type reply struct {
	Addr      netip.AddrPort `json:"addr"`
	Footprint footprint      `json:"footprint"`
	Failed    string         `json:"failed"`
}

// side is one of the processes, seen from the program that measures.
type side struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

func startSide(ctx context.Context, c contender.Contender, s Settings) (*side, error) {
	cmd, err := Itself(ctx, IdleArgument, c.Name, strconv.Itoa(s.Packet))
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &side{cmd, in, json.NewDecoder(out)}, nil
}

func (s *side) ask(o order) (reply, error) {
	var r reply
	if err := json.NewEncoder(s.in).Encode(o); err != nil {
		return r, err
	}
	if err := s.out.Decode(&r); err != nil {
		return r, fmt.Errorf("%s: %w", o.Do, err)
	}
	if r.Failed != "" {
		return r, fmt.Errorf("%s: %s", o.Do, r.Failed)
	}
	return r, nil
}

func (s *side) close() error {
	_ = s.in.Close()
	return s.cmd.Wait()
}

func runIdle(ctx context.Context, c contender.Contender, s Settings) (values map[string]float64, err error) {
	server, err := startSide(ctx, c, s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.close()) }()
	client, err := startSide(ctx, c, s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, client.close()) }()
	listening, err := server.ask(order{Do: "listen"})
	if err != nil {
		return nil, err
	}
	// Both sides have their listener or dialer; connections come on top.
	if _, err := client.ask(order{Do: "dial", To: listening.Addr, N: 0}); err != nil {
		return nil, err
	}
	measure := order{Do: "measure"}
	empty := map[string]reply{}
	for name, side := range map[string]*side{"server": server, "client": client} {
		if empty[name], err = side.ask(measure); err != nil {
			return nil, err
		}
	}
	conns := 1000
	if s.Quick {
		conns = 100
	}
	if _, err := client.ask(order{Do: "dial", To: listening.Addr, N: conns}); err != nil {
		return nil, err
	}
	if err := pause(ctx, s.length(2*time.Second, 300*time.Millisecond)); err != nil { // the last acks
		return nil, err
	}
	measure.Wait = s.length(8*time.Second, 500*time.Millisecond)
	values = make(map[string]float64)
	answers := make(chan error, 2)
	full := make([]reply, 2)
	names := []string{"server", "client"}
	for i, side := range []*side{server, client} {
		go func() {
			var err error
			full[i], err = side.ask(measure)
			answers <- err
		}()
	}
	if err := errors.Join(<-answers, <-answers); err != nil {
		return nil, err
	}
	for i, name := range names {
		before, after := empty[name].Footprint, full[i].Footprint
		each := func(b, a uint64) float64 { return (float64(a) - float64(b)) / float64(conns) }
		values[name+"_heap_bytes"] = each(before.Heap, after.Heap)
		values[name+"_stack_bytes"] = each(before.Stack, after.Stack)
		values[name+"_goroutines"] = each(before.Goroutines, after.Goroutines)
		values[name+"_cpu_percent"] = after.CPUPercent
	}
	return values, nil
}

// IdleSide is one side: it does what it is told on in, a line each, and answers
// on out, until in ends. args are the contender and the packet size.
func IdleSide(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 2 {
		return errors.New(IdleArgument + " needs a contender and a packet size")
	}
	found, err := contender.Find(args[:1])
	if err != nil {
		return err
	}
	packet, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	h := &holder{contender: found[0], options: contender.Options{Packet: packet, Shared: true}}
	defer h.close()
	answers := json.NewEncoder(out)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return err
		}
		r, err := h.do(o)
		if err != nil {
			r.Failed = err.Error()
		}
		if err := answers.Encode(r); err != nil {
			return err
		}
	}
	return lines.Err()
}
