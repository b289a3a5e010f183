package demo

import (
	"strings"
	"testing"
	"time"
)

func TestDefaultsAreValidAndShort(t *testing.T) {
	cfg := DefaultConfig()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	// The promise is 15 s in all, and a second is left for opening and closing.
	if got := cfg.timeout(); got > 14*time.Second {
		t.Errorf("the default run may take %v, want at most 14s", got)
	}
	if got := cfg.connectTimeout(); got != 5*time.Second {
		t.Errorf("the handshake may take %v, want 5s", got)
	}
	cfg.Timeout = 4 * time.Second
	if got := cfg.connectTimeout(); got != 2*time.Second {
		t.Errorf("the handshake may take %v of 4s, want half", got)
	}
}

func TestConfigRefusals(t *testing.T) {
	for says, spoil := range map[string]func(*Config){
		"messages 0:":                         func(c *Config) { c.Messages = 0 },
		"messages 1000001:":                   func(c *Config) { c.Messages = MaxMessages + 1 },
		"size 15: must be between 16 and":     func(c *Config) { c.Size = 15 },
		"what fits one datagram":              func(c *Config) { c.Size = MaxSize + 1 },
		"messages per second 0:":              func(c *Config) { c.Rate = 0 },
		"messages per second 100001:":         func(c *Config) { c.Rate = MaxRate + 1 },
		"take 2h46m40s: must be at most 1h0m": func(c *Config) { c.Messages, c.Rate = 1_000_000, 100 },
		"timeout:":                            func(c *Config) { c.Timeout = -1 },
		"up: loss":                            func(c *Config) { c.Network.Up.Loss = 2 },
	} {
		cfg := DefaultConfig()
		spoil(&cfg)
		err := cfg.Validate()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want a refusal that says %q", err, says)
		}
		if _, err := Start(t.Context(), cfg); err == nil {
			t.Errorf("a run with a bad configuration started: %q", says)
		}
	}
}
