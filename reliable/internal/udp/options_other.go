//go:build !linux

package udp

// force does nothing: this system has no way past its limits.
func (s *Socket) force(int) {}

// ReceiveBuffer returns 0: this system does not tell what it granted.
func (s *Socket) ReceiveBuffer() int { return 0 }

// SendBuffer returns 0: this system does not tell what it granted.
func (s *Socket) SendBuffer() int { return 0 }

// KernelDrops returns 0: this system does not tell what it dropped.
func (s *Socket) KernelDrops() uint64 { return 0 }
