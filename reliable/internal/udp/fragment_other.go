//go:build !linux

package udp

// KeepWhole reports false: whether this system cuts datagrams into IP fragments
// is not known here.
func (s *Socket) KeepWhole() bool { return false }
