package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// TLS modes: what is wrong with the front's certificate.
const (
	tlsGood        = "good"
	tlsExpired     = "expired"
	tlsNotYet      = "not-yet-valid"
	tlsWrongName   = "wrong-name"
	tlsOtherCA     = "other-ca"
	tlsSelfSigned  = "self-signed"
	expiredOn      = "2020-02-02T00:00:00Z"
	wrongNameGiven = "somewhere.else.example"
)

var tlsModes = []string{tlsGood, tlsExpired, tlsNotYet, tlsWrongName, tlsOtherCA, tlsSelfSigned}

// Authority issues certificates.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// NewAuthority makes one that nobody trusts yet.
func NewAuthority(name string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return &Authority{certificate, key}, err
}

// LoadAuthority reads a CA's certificate and key.
func LoadAuthority(certificateFile, keyFile string) (*Authority, error) {
	pair, err := tls.LoadX509KeyPair(certificateFile, keyFile)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, err
	}
	signer, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s holds a key that cannot sign", keyFile)
	}
	return &Authority{certificate, signer}, nil
}

// PEM is the authority's own certificate.
func (a *Authority) PEM() string {
	block := &pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}
	return string(pem.EncodeToMemory(block))
}

// Issue gives the front's certificate with what the mode has wrong with it.
func (a *Authority) Issue(mode string, names []string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: "gate"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(0, 1, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	issuer := a
	switch mode {
	case tlsExpired:
		template.NotAfter, _ = time.Parse(time.RFC3339, expiredOn)
		template.NotBefore = template.NotAfter.AddDate(-1, 0, 0)
	case tlsNotYet:
		template.NotBefore = time.Now().AddDate(0, 0, 7)
	case tlsWrongName:
		names = []string{wrongNameGiven}
	case tlsOtherCA:
		if issuer, err = NewAuthority("a stranger's authority"); err != nil {
			return nil, err
		}
	case tlsSelfSigned:
		issuer = &Authority{template, key}
	}
	for _, name := range names {
		if address := net.ParseIP(name); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.certificate, key.Public(),
		issuer.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

func serial() *big.Int {
	number, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	return number
}

func trustIn(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}
