package main

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"time"
)

// needs is a program for `udplab shrink` to run: `needs SERVICE COUNT INDEX...`
// sends numbered datagrams to UDPLAB_PROXY, behind which it listens at SERVICE,
// and fails if all of those indices are lost. A last datagram tells it that
// there is nothing more to wait for. All of 240 fit into the smallest socket
// buffer that a system grants, whoever is late.
func needs() int {
	args := os.Args[1:]
	service, err := net.ListenPacket("udp", args[0])
	if err != nil {
		return complain(err)
	}
	defer service.Close()
	service.SetReadDeadline(time.Now().Add(scriptPatience))
	client, err := net.Dial("udp", os.Getenv("UDPLAB_PROXY"))
	if err != nil {
		return complain(err)
	}
	defer client.Close()
	count, err := strconv.Atoi(args[1])
	if err != nil {
		return complain(err)
	}
	go func() {
		for i := range count {
			fmt.Fprint(client, i) // what is lost here is lost on the network, too
		}
		fmt.Fprint(client, "end")
	}()
	missing := slices.Clone(args[2:])
	buf := make([]byte, 100)
	for {
		n, _, err := service.ReadFrom(buf)
		if err != nil {
			return complain(err)
		}
		got := string(buf[:n])
		if got == "end" {
			break
		}
		missing = slices.DeleteFunc(missing, func(index string) bool { return index == got })
	}
	if len(missing) == len(args)-2 {
		return 1
	}
	return 0
}

// complain ends the program in a way that no loss does.
func complain(err error) int {
	fmt.Fprintln(os.Stderr, "needs:", err)
	return 9
}
