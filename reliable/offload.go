package reliable

import (
	"fmt"
	"os"

	"udplab/reliable/internal/udp"
)

// Offload says how much of the work of many datagrams sockets may leave to the
// system. Less is slower, and a way around a kernel or a driver that gets it
// wrong. Sockets of other systems than Linux, and those of other packages than
// net, move one datagram a call whatever it is.
type Offload = udp.Offload

// The values of Config.Offload.
const (
	// OffloadDefault is what the environment's UDPLAB_OFFLOAD says (auto, batch
	// or none), and OffloadAuto if it says nothing.
	OffloadDefault = udp.OffloadDefault
	// OffloadAuto sends a burst of packets through the kernel as one, and
	// receives them as one (UDP_SEGMENT, UDP_GRO), as far as kernel and device
	// can: what fails at run time is not tried again on that socket.
	OffloadAuto = udp.OffloadAuto
	// OffloadBatch moves many datagrams with a call, each by itself (sendmmsg,
	// recvmmsg).
	OffloadBatch = udp.OffloadBatch
	// OffloadNone moves one datagram with a call.
	OffloadNone = udp.OffloadNone
)

// Rung is how one direction of a socket moves datagrams at the moment.
type Rung = udp.Rung

// The values of EndpointStats.SendRung and ReceiveRung, from the slowest.
const (
	RungPortable = udp.Portable // through package net, without ECN marks
	RungSingle   = udp.Single   // one datagram a call
	RungBatch    = udp.Batch    // many datagrams a call
	RungSegments = udp.Segments // many datagrams through the kernel as one
)

// offloadVariable is how an operator reaches programs that leave
// Config.Offload alone.
const offloadVariable = "UDPLAB_OFFLOAD"

// offload is how far sockets may go.
func (c *Config) offload() (Offload, error) {
	if c != nil && c.Offload != OffloadDefault {
		if !c.Offload.Valid() {
			return 0, fmt.Errorf("Config.Offload: no such value: %v", c.Offload)
		}
		return c.Offload, nil
	}
	text := os.Getenv(offloadVariable)
	if text == "" {
		return OffloadAuto, nil
	}
	o, err := udp.ParseOffload(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", offloadVariable, err)
	}
	return o, nil
}
