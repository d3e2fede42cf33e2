package fleetsim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nkeys"
)

// Sample copies the servers' samples from one folder into another, so that real
// servers run with them: with certificates for loopback (server.pem, ca.pem), data
// beside them, and keys in the place of U.... It returns the keys' seeds by
// placeholder, and writes each as a credential: UHUB.nk.
func Sample(from, dir string) (seeds map[string]string, err error) {
	if err := certificates(dir); err != nil {
		return nil, err
	}
	seeds = map[string]string{}
	replace := []string{"/etc/nats/", dir + "/", "/var/lib/nats", filepath.Join(dir, "data")}
	for _, name := range []string{"UHUB", "UTILL1", "UTILL2", "UTILL3", "UTILL4", "ULEAF"} {
		pair, err := nkeys.CreateUser()
		if err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
		public, err1 := pair.PublicKey()
		seed, err2 := pair.Seed()
		if err := errors.Join(err1, err2, os.WriteFile(filepath.Join(dir, name+".nk"), seed, 0o600)); err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
		seeds[name] = string(seed)
		replace = append(replace, `"`+name+`"`, `"`+public+`"`)
	}
	files, err := filepath.Glob(filepath.Join(from, "*.conf"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no samples in %s (%v)", from, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f)), []byte(strings.NewReplacer(replace...).Replace(string(text))), 0o600); err != nil {
			return nil, err
		}
	}
	return seeds, nil
}

func certificates(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	plan := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hub"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}
	cert, err := x509.CreateCertificate(rand.Reader, &plan, &plan, &key.PublicKey, key)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	for name, block := range map[string]*pem.Block{"server.pem": {Type: "CERTIFICATE", Bytes: cert}, "ca.pem": {Type: "CERTIFICATE", Bytes: cert}, "server.key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	return nil
}
