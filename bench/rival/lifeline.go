package main

import (
	"io"
	"os"
	"sync"
	"time"
)

// lifeline is the standard input of a process that must not outlive whoever
// holds the other end: once it ends the process does too, after grace, whatever
// hangs in it. It begins with the first Read, and from then on looks ahead,
// because a process that is busy with what it read last has to hear of it too.
type lifeline struct {
	in    io.Reader
	grace time.Duration
	leave func()

	once sync.Once
	out  *io.PipeReader
}

// stdin is the standard input of this process.
func stdin(grace time.Duration) *lifeline {
	return &lifeline{in: os.Stdin, grace: grace, leave: func() { os.Exit(exitFailed) }}
}

func (l *lifeline) Read(p []byte) (int, error) {
	l.once.Do(func() {
		out, in := io.Pipe()
		l.out = out
		go func() {
			_, err := io.Copy(in, l.in)
			time.AfterFunc(l.grace, l.leave)
			_ = in.CloseWithError(err) // nil is io.EOF there
		}()
	})
	return l.out.Read(p)
}
