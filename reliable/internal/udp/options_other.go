//go:build !linux

package udp

// ReceiveBuffer returns 0: this system does not tell what it granted.
func (s *Socket) ReceiveBuffer() int { return 0 }

// KernelDrops returns 0: this system does not tell what it dropped.
func (s *Socket) KernelDrops() uint64 { return 0 }
