package proto

import "testing"

// RFC 3720, appendix B.4, has vectors of CRC-32C; "123456789" is the check value
// of the catalogues.
func TestCRC(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"check value", []byte("123456789"), "cee3069283"},
		{"32 zeros", make([]byte, 32), "ce8a9136aa"},
	} {
		got := appendCRC(append([]byte(nil), c.data...), 0)[len(c.data):]
		if string(got) != string(mustHex(c.want)) {
			t.Errorf("crc of %s is %x, want %s", c.name, got, c.want)
		}
	}
}

// The crc belongs to the datagram, not to what stands before it in the buffer.
func TestCRCStartsWithTheDatagram(t *testing.T) {
	alone := AppendReset(nil, &Reset{DeadID: 5})
	behind := AppendReset([]byte("another datagram"), &Reset{DeadID: 5})
	if string(behind[len("another datagram"):]) != string(alone) {
		t.Errorf("behind other bytes a reset is %x, want %x", behind, alone)
	}
}
