package nexo

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"errors"

	"posd/device/sale"
)

// trailer says how a message is sealed.
type trailer struct {
	AdyenCryptoVersion int    `json:"AdyenCryptoVersion"`
	KeyIdentifier      string `json:"KeyIdentifier"`
	KeyVersion         int    `json:"KeyVersion"`
	Nonce              []byte `json:"Nonce"`
	Hmac               []byte `json:"Hmac"`
}

// seal encrypts and authenticates messages with keys made of a passphrase:
//
//	PBKDF2 (SHA-1, 4000 rounds, 80 bytes): 32 HMAC-SHA256 · 32 AES-256-CBC · 16 IV, xor the message's nonce
//
// The HMAC is of the plain text.
type seal struct {
	mac, iv []byte
	block   cipher.Block
	name    string
	version int
}

const (
	sealSalt    = "AdyenNexoV1Salt"
	sealRounds  = 4000
	sealVersion = 1
)

func newSeal(passphrase sale.Secret, name string, version int) (*seal, error) {
	keys, err := pbkdf2.Key(sha1.New, passphrase.Reveal(), []byte(sealSalt), sealRounds, 80)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(keys[32:64])
	if err != nil {
		return nil, err
	}
	return &seal{mac: keys[:32], iv: keys[64:], block: block, name: name, version: version}, nil
}

var errSeal = errors.New("the message cannot be opened: its passphrase, key_identifier or key_version differs from those configured, or it was changed on its way")

// open returns the plain text of a sealed message; one error stands for all faults.
func (s *seal) open(blob []byte, t trailer) ([]byte, error) {
	if t.KeyIdentifier != s.name || t.KeyVersion != s.version || t.AdyenCryptoVersion != sealVersion ||
		len(t.Nonce) != aes.BlockSize || len(blob) == 0 || len(blob)%aes.BlockSize != 0 {
		return nil, errSeal
	}
	plain := make([]byte, len(blob))
	cipher.NewCBCDecrypter(s.block, s.ivOf(t.Nonce)).CryptBlocks(plain, blob)
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > aes.BlockSize {
		pad = 0 // the HMAC will not fit
	}
	plain = plain[:len(plain)-pad]
	if !hmac.Equal(s.sum(plain), t.Hmac) {
		return nil, errSeal
	}
	return plain, nil
}

// close seals a plain text.
func (s *seal) close(plain []byte) (blob []byte, t trailer) {
	t = trailer{sealVersion, s.name, s.version, make([]byte, aes.BlockSize), s.sum(plain)}
	_, _ = rand.Read(t.Nonce) // never fails
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	blob = append(blob, plain...)
	for range pad {
		blob = append(blob, byte(pad))
	}
	cipher.NewCBCEncrypter(s.block, s.ivOf(t.Nonce)).CryptBlocks(blob, blob)
	return blob, t
}

func (s *seal) ivOf(nonce []byte) []byte {
	iv := make([]byte, aes.BlockSize)
	subtle.XORBytes(iv, s.iv, nonce)
	return iv
}

func (s *seal) sum(plain []byte) []byte {
	m := hmac.New(sha256.New, s.mac)
	m.Write(plain)
	return m.Sum(nil)
}
