package main

import (
	"fmt"
	"io"
	"sync"
)

// checkedOut is stdout that remembers when it could not be written, so that no
// command ends well whose result nobody got. Safe for concurrent use.
type checkedOut struct {
	to io.Writer

	mu     sync.Mutex
	failed error // the first
}

// Write implements io.Writer.
func (c *checkedOut) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.failed == nil {
			c.failed = err
		}
	}
	return n, err
}

// failure is nil if all could be written.
func (c *checkedOut) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed == nil {
		return nil
	}
	return failure(fmt.Errorf("the output is not complete: %w", c.failed), "make room there, or send stdout elsewhere")
}
