package reliable

import (
	"context"
	"net"
	"strings"
	"testing"
)

// The configuration decides, then the environment, then the system.
func TestOffloadPrecedence(t *testing.T) {
	for _, c := range []struct {
		config      *Config
		environment string
		want        Offload
	}{
		{nil, "", OffloadAuto},
		{nil, "batch", OffloadBatch},
		{&Config{}, "none", OffloadNone},
		{&Config{Offload: OffloadAuto}, "none", OffloadAuto},
		{&Config{Offload: OffloadBatch}, "", OffloadBatch},
		{&Config{Offload: OffloadNone}, "nonsense", OffloadNone},
	} {
		t.Setenv(offloadVariable, c.environment)
		if got, err := c.config.offload(); err != nil || got != c.want {
			t.Errorf("%+v, environment %q: %v, %v, want %v", c.config, c.environment, got, err, c.want)
		}
	}
}

// A value nobody knows is an error of whatever opens a socket, and names what
// is wrong.
func TestUnknownOffload(t *testing.T) {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	for _, c := range []struct {
		config      *Config
		environment string
		want        string
	}{
		{nil, "gso", `UDPLAB_OFFLOAD: offload "gso": want auto, batch or none`},
		{&Config{Offload: 99}, "", "Config.Offload: no such value: Offload(99)"},
	} {
		t.Setenv(offloadVariable, c.environment)
		for name, open := range map[string]func() error{
			"Listen":      func() error { _, err := Listen("udp4", "127.0.0.1:0", c.config); return err },
			"NewListener": func() error { _, err := NewListener(pc, c.config); return err },
			"Dial": func() error {
				_, err := Dial(context.Background(), "udp4", "127.0.0.1:9", c.config)
				return err
			},
			"DialPacketConn": func() error {
				_, err := DialPacketConn(context.Background(), pc, pc.LocalAddr(), c.config)
				return err
			},
		} {
			if err := open(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q in it", name, err, c.want)
			}
		}
	}
}
