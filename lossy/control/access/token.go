package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
)

// Lengths of a token, in characters. What NewToken makes has 43, of 256 bits.
const (
	MinToken = 22 // 128 bits in base64
	MaxToken = 512
)

// Token is what a request must bear. It holds no more than a digest, so that it
// cannot show up in a log. The zero value is none.
type Token struct {
	digest [sha256.Size]byte
	given  bool
}

// NewToken returns a random token that nobody can guess.
func NewToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails, as crypto/rand says
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// ParseToken takes a token of MinToken to MaxToken letters, digits and any of
// "-._~+/", with "=" at the end (RFC 6750, section 2.1). The error does not
// repeat it.
func ParseToken(text string) (Token, error) {
	if len(text) < MinToken || len(text) > MaxToken {
		return Token{}, fmt.Errorf("a token has %d to %d characters, this one %d", MinToken, MaxToken, len(text))
	}
	if strings.ContainsFunc(strings.TrimRight(text, "="), notInToken) {
		return Token{}, fmt.Errorf("a token has letters, digits and any of -._~+/ only, and may end in =")
	}
	return Token{sha256.Sum256([]byte(text)), true}, nil
}

func notInToken(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~+/", r))
}

// Given says whether there is a token.
func (t Token) Given() bool { return t.given }

// String does not tell the token.
func (t Token) String() string {
	if t.given {
		return "a token"
	}
	return "no token"
}

// matches compares digests, in a time that depends on the length of what a
// client sent and on nothing that it wants to know.
func (t Token) matches(text string) bool {
	digest := sha256.Sum256([]byte(text))
	return subtle.ConstantTimeCompare(digest[:], t.digest[:]) == 1 && t.given
}
