package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"posd/device"
)

// Certificates for the network. A shop has either files of its own (cert_file,
// key_file, renewed by whatever made them) or an authority of posd's that `posd tls
// init` makes in the state folder, and that each tablet learns once:
//
//	tls/authority.pem, authority.key   ten years, may vouch for this box's names alone
//	tls/cert.pem, key.pem              a bit more than a year, renewed by posd itself
//
// The files are looked at again when they change, so that a renewal needs no restart.
const (
	authorityFor = 10 * 365 * 24 * time.Hour
	certFor      = 397 * 24 * time.Hour // browsers take no longer ones
	renewBefore  = 30 * 24 * time.Hour
	soonOver     = 14 * 24 * time.Hour
)

// tlsFiles are where the parts of a certificate lie.
type tlsFiles struct{ cert, key, authority, authorityKey string }

func (c Config) tlsFiles() tlsFiles {
	dir := filepath.Join(c.Store.Dir, "tls")
	own := tlsFiles{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "authority.pem"), filepath.Join(dir, "authority.key")}
	if c.API.CertFile != "" {
		return tlsFiles{cert: c.API.CertFile, key: c.API.KeyFile}
	}
	return own
}

// certificate is what the network's listener shows.
type certificate struct {
	files tlsFiles
	now   func() time.Time

	mu     sync.Mutex
	loaded *tls.Certificate
	at     time.Time // of the file that was loaded
}

// load reads the files, if they have changed.
func (c *certificate) load() (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, err := os.Stat(c.files.cert)
	if err == nil && c.loaded != nil && i.ModTime().Equal(c.at) {
		return c.loaded, nil
	}
	var made tls.Certificate
	if err == nil {
		made, err = tls.LoadX509KeyPair(c.files.cert, c.files.key)
	}
	switch {
	case err != nil && c.loaded != nil: // the one in use is better than none
		return c.loaded, nil
	case err != nil:
		return nil, fmt.Errorf("the certificate for lan_listen: %w: `posd tls init` makes one, or name yours as cert_file and key_file in [api]", err)
	}
	c.loaded, c.at = &made, i.ModTime()
	return c.loaded, nil
}

// config is how TLS is spoken.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.load() }}
}

// status says when the certificate ends, before it does.
func (c *certificate) status(line string) device.DeviceStatus {
	d := device.DeviceStatus{Name: "certificate", Kind: "tls", Line: line}
	made, err := c.load()
	if err != nil {
		d.Words = err.Error()
		return d
	}
	left := made.Leaf.NotAfter.Sub(c.now())
	remedy := "`posd tls init` makes another"
	if c.files.authority == "" {
		remedy = "renew " + c.files.cert
	}
	switch {
	case left <= 0:
		d.Words = fmt.Sprintf("ended on %s: nobody reaches this till over the network; %s", made.Leaf.NotAfter.Format(time.DateOnly), remedy)
	case left < soonOver:
		d.Words = fmt.Sprintf("ends on %s, in %d days: %s", made.Leaf.NotAfter.Format(time.DateOnly), int(left.Hours()/24), remedy)
	default:
		d.OK, d.Words = true, "until "+made.Leaf.NotAfter.Format(time.DateOnly)
	}
	return d
}

// renew makes the certificate again while its own authority can, once it is near its end.
func (c *certificate) renew(names []string) (renewed bool, err error) {
	made, err := c.load()
	if err != nil || c.files.authority == "" || made.Leaf.NotAfter.Sub(c.now()) > renewBefore {
		return false, err
	}
	return true, signCertificate(c.files, names, c.now())
}

// run renews the certificate in time.
func (c *certificate) run(names []string, log *slog.Logger) func(context.Context) error {
	return func(ctx context.Context) error {
		look := time.NewTicker(12 * time.Hour)
		defer look.Stop()
		for {
			if renewed, err := c.renew(names); err != nil {
				log.Error("the certificate could not be renewed", "err", err)
			} else if renewed {
				log.Info("certificate renewed")
			}
			select {
			case <-look.C:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// lanNames are the names that a certificate for this box holds.
func (c Config) lanNames() []string {
	var names []string
	if at, err := netip.ParseAddrPort(c.API.LANListen); err == nil {
		names = append(names, at.Addr().Unmap().String())
	}
	return append(names, c.API.Hosts...)
}

// makeAuthority makes an authority that may vouch for these names alone.
func makeAuthority(f tlsFiles, names []string, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	host, _ := os.Hostname()
	t := template("posd of "+host, now, authorityFor)
	t.IsCA, t.BasicConstraintsValid, t.MaxPathLenZero, t.KeyUsage = true, true, true, x509.KeyUsageCertSign
	t.PermittedDNSDomainsCritical = true
	for _, name := range names {
		if ip := net.ParseIP(name); ip == nil {
			t.PermittedDNSDomains = append(t.PermittedDNSDomains, name)
		} else if v4 := ip.To4(); v4 != nil {
			t.PermittedIPRanges = append(t.PermittedIPRanges, &net.IPNet{IP: v4, Mask: net.CIDRMask(32, 32)})
		} else {
			t.PermittedIPRanges = append(t.PermittedIPRanges, &net.IPNet{IP: ip, Mask: net.CIDRMask(128, 128)})
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return fmt.Errorf("make the authority: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(f.authority), 0o750); err != nil {
		return err
	}
	return errors.Join(writeKey(f.authorityKey, key), writePEM(f.authority, "CERTIFICATE", der, 0o644))
}

// signCertificate makes a certificate for these names by the authority.
func signCertificate(f tlsFiles, names []string, now time.Time) error {
	authority, err := tls.LoadX509KeyPair(f.authority, f.authorityKey)
	if err != nil {
		return fmt.Errorf("the authority of posd: %w: `posd tls init` makes it", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	t := template("posd", now, certFor)
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, authority.Leaf, key.Public(), authority.PrivateKey)
	if err != nil {
		return fmt.Errorf("make the certificate: %w", err)
	}
	return errors.Join(writeKey(f.key, key), writePEM(f.cert, "CERTIFICATE", der, 0o644))
}

func template(name string, now time.Time, lasts time.Duration) *x509.Certificate {
	var serial [16]byte
	rand.Read(serial[:])
	serial[0] &= 0x7f
	return &x509.Certificate{SerialNumber: new(big.Int).SetBytes(serial[:]), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(lasts)} // a tablet's clock may be behind
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(path, "PRIVATE KEY", der, 0o600)
}

// writePEM replaces a file whole.
func writePEM(path, kind string, der []byte, mode os.FileMode) error {
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(next, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// fingerprint is what a person compares before a tablet is told to trust.
func fingerprint(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return "", fmt.Errorf("%s holds no certificate", path)
	}
	sum := sha256.Sum256(block.Bytes)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":"), nil
}

// authority returns what reads the authority's certificate; nil where there is none of posd's own.
func (c Config) authority() func() []byte {
	f := c.tlsFiles()
	if c.API.LANListen == "" || f.authority == "" {
		return nil
	}
	return func() []byte {
		text, err := os.ReadFile(f.authority)
		if err != nil {
			return nil
		}
		return text
	}
}

// ownedAs gives files to whoever has the state folder: root makes them, and the
// daemon must read them.
func ownedAs(dir string, paths ...string) error {
	i, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner, ok := i.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	return nil
}
