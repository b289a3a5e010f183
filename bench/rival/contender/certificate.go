package contender

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"sync"
	"time"
)

// protocol is what both ends of an encrypted contender agree on (ALPN).
const protocol = "udplab-rival"

// identity makes a self-signed P-256 certificate, the cheapest to sign and
// verify of those in wide use, once for all listeners.
var identity = sync.OnceValues(func() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
})

func serverTLS() (*tls.Config, error) {
	certificate, err := identity()
	return &tls.Config{
		Certificates: []tls.Certificate{certificate}, NextProtos: []string{protocol}, MinVersion: tls.VersionTLS13,
		SessionTicketsDisabled: true, // each handshake is a full one, as a new peer's is
	}, err
}

// clientTLS trusts any certificate: checking a chain of one would cost little,
// and the listener may be another process with a certificate of its own.
func clientTLS() *tls.Config {
	return &tls.Config{
		InsecureSkipVerify: true, ServerName: "localhost", NextProtos: []string{protocol}, MinVersion: tls.VersionTLS13,
	}
}
