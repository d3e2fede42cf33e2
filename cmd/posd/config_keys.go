package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"posd/device/sale"
	"posd/sync/iotpay"
)

// The names under which systemd hands the keys over.
const (
	keyCredential       = "iotpay-key"
	answerKeyCredential = "iotpay-answer-key"
)

// credential returns the path of a systemd credential; "" if there are none.
func credential(name string) string {
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		return filepath.Join(dir, name)
	}
	return ""
}

// merchantKey reads the key from its file or from the systemd credential.
func (g *Gateway) merchantKey() (sale.Secret, error) {
	path := cmp.Or(g.KeyFile, credential(keyCredential))
	if path == "" {
		return "", fmt.Errorf("the merchant key is missing: put it into a file that only posd can read and name that file as key_file in [gateway], or hand it over as the systemd credential %s", keyCredential)
	}
	return readKey(path, "merchant key", "key_file")
}

// answerKey reads the key that signs the gateway's answers; "" where none is
// named, and it is the merchant key.
func (g *Gateway) answerKey() (sale.Secret, error) {
	path := g.AnswerKeyFile
	if path == "" {
		path = credential(answerKeyCredential)
		if _, err := os.Stat(path); path == "" || errors.Is(err, fs.ErrNotExist) {
			return "", nil
		}
	}
	return readKey(path, "key of the gateway's answers", "answer_key_file")
}

// keys returns what the client is made with.
func (g *Gateway) keys() (sale.Secret, []iotpay.Option, error) {
	key, err := g.merchantKey()
	if err != nil {
		return "", nil, err
	}
	answers, err := g.answerKey()
	if err != nil || answers == "" {
		return key, nil, err
	}
	return key, []iotpay.Option{iotpay.WithAnswerKey(answers)}, nil
}

// readKey reads a key of one line.
func readKey(path, what, option string) (sale.Secret, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the %s: %w: %s in [gateway] names the file", what, err, option)
	}
	key := strings.TrimSpace(string(text))
	if key == "" || strings.ContainsAny(key, "\r\n\x00") {
		return "", fmt.Errorf("%s does not hold a %s: it must be one line, the key that IOTPay gave", path, what)
	}
	return sale.Secret(key), nil
}
