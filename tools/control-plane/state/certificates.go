package state

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// A demo's folder may be kept; an ended certificate in it would look like a fault of the product.
const certificateLife = 10 * 365 * 24 * time.Hour

// Identify gives the folder its certificates, keys and tokens at first start and leaves them alone
// ever after, so that a restarted control plane is the same to all who trusted it.
func (d Dir) Identify() error {
	// Written last: with it there, all the others are.
	if d.Has(StaticTokens) {
		return nil
	}
	authority, err := d.makeAuthority()
	if err != nil {
		return err
	}
	err = authority.issue(d, ServerCert, ServerKey, &x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "kubernetes.default.svc"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	})
	if err != nil {
		return err
	}
	err = authority.issue(d, AdminCert, AdminKey, &x509.Certificate{
		Subject:     pkix.Name{CommonName: "admin", Organization: []string{"system:masters"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return err
	}
	accounts, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if err := d.writeKey(AccountKey, accounts); err != nil {
		return err
	}
	secret := make([]byte, 24)
	rand.Read(secret)
	token := hex.EncodeToString(secret)
	if err := d.Write(AdminToken, []byte(token+"\n")); err != nil {
		return err
	}
	return d.Write(StaticTokens, fmt.Appendf(nil, "%s,admin,admin,\"system:masters\"\n", token))
}

type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func (d Dir) makeAuthority() (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	certificate := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: "local control plane"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(certificateLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	made := authority{certificate, key}
	der, err := x509.CreateCertificate(rand.Reader, certificate, certificate, key.Public(), key)
	if err != nil {
		return authority{}, err
	}
	if err := d.Write(CACert, pemOf("CERTIFICATE", der)); err != nil {
		return authority{}, err
	}
	return made, d.writeKey(CAKey, key)
}

func (a authority) issue(d Dir, certName, keyName string, template *x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template.SerialNumber = serial()
	template.NotBefore, template.NotAfter = a.certificate.NotBefore, a.certificate.NotAfter
	template.KeyUsage = x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return err
	}
	if err := d.Write(certName, pemOf("CERTIFICATE", der)); err != nil {
		return err
	}
	return d.writeKey(keyName, key)
}

// In the older of the two forms: for the accounts' key the API server knows no other.
func (d Dir) writeKey(name string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return d.Write(name, pemOf("EC PRIVATE KEY", der))
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func serial() *big.Int {
	number, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	return number
}

func randomBelow(limit int64) int64 {
	number, _ := rand.Int(rand.Reader, big.NewInt(limit))
	return number.Int64()
}
