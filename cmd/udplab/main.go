// Command udplab lets the same application messages travel a bad network
// twice, once over plain UDP and once over a reliability layer, and counts,
// shows and explains every loss, repair and delay in between.
//
// The package holds one file per command, and nothing a library could want:
// the network models are in udplab/lossy, the reliability layer in
// udplab/reliable, the chat without its terminal in cmd/internal/chat. Beside
// the commands there is the frame they share: root.go (the command tree),
// env.go (where a flag's value comes from), exit.go (exit codes), signals.go
// (Ctrl-C) and say.go (the rules of terminal output).
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], systemDeps()))
}
