package proto

// The msgpack codes the wire uses, copied from msgpcode. There they are
// variables: any package of the process could change them, and the compiler
// could neither fold them nor build a jump table from them. TestCodesMatchLibrary
// holds the copies to the originals.
const (
	codeFixIntHigh   = 0x7f // 0x00..0x7f are the numbers 0..127
	codeFixArray     = 0x90 // 0x90..0x9f are arrays of 0..15 elements
	codeFixArrayHigh = 0x9f
	codeFixStr       = 0xa0 // 0xa0..0xbf are strings of 0..31 bytes
	codeFixStrHigh   = 0xbf
	codeBin8         = 0xc4
	codeBin16        = 0xc5
	codeBin32        = 0xc6
	codeUint8        = 0xcc
	codeUint16       = 0xcd
	codeUint32       = 0xce
	codeUint64       = 0xcf
	codeStr8         = 0xd9
	codeStr16        = 0xda
	codeStr32        = 0xdb
	codeArray16      = 0xdc
	codeArray32      = 0xdd
)

// What the one-byte headers hold at most.
const (
	fixIntMax   = 0x7f
	fixArrayMax = 0x0f
	fixStrMax   = 0x1f
)
